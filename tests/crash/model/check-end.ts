/** The checks of an interleaving after its end, when nothing is left to do. `interleaving.ts` calls them. */

import type { Interleaving } from './interleaving.ts';
import { assertPromise, readEntries } from './promises/job.ts';
import type { Reader } from './system/api.ts';
import type { Upstream } from './system/provider.ts';

/** @throws BrokenPromise */
export async function checkEnd(all: Interleaving): Promise<void> {
  const { upstream } = all.environment;
  all.monitor.checkAtRest();
  const journals = await all.monitor.journals();
  for (const jobId of all.acknowledged) {
    assertPromise(
      journals.some((journal) => journal.jobId === jobId),
      'an acknowledged job is never lost',
    );
  }
  const counted = journals.reduce((sum, { providerCalls }) => sum + providerCalls, 0);
  assertPromise(upstream.begun.length <= counted, `${upstream.begun.length} calls were made, ${counted} counted`);
  checkNotes(upstream);
  for (const reader of all.readers) {
    // Nothing is promised to a reader whose job is deleted or expires while it reads.
    if (reader.process.dead || all.monitor.timesRemoved(reader.jobId) > reader.removedBefore) continue;
    const log = journals.findLast(({ jobId }) => jobId === reader.jobId)?.log ?? '';
    checkReader(reader, log);
  }
}

/** The last call of the task `notes` contains the three notes, each complete and in its place. */
function checkNotes({ begun }: Upstream): void {
  for (const { prompt } of begun) {
    const [, job = '', listed = '[]'] = /^(.+) lists (.+)$/.exec(prompt) ?? [];
    for (const [at, note] of (JSON.parse(listed) as string[]).entries()) {
      const taken = `${job} takes ${['one', 'two', 'three'][at]}`;
      assertPromise(
        begun.some((call) => call.prompt === taken && call.output === note),
        `"${prompt}" lists an output of an earlier call`,
      );
    }
  }
}

/** Every reader gets the same events, whenever it attaches, and from any cursor. */
function checkReader({ after, bytes, result }: Reader, log: string): void {
  const entries = readEntries(log);
  const start = entries.findIndex(({ seq }) => seq === after + 1);
  const rest = start === -1 ? '' : log.slice(log.indexOf(`id: ${after + 1}\n`));
  assertPromise(rest.startsWith(bytes), `a reader from ${after} gets the log's bytes: "${bytes}" of "${rest}"`);
  assertPromise(result !== null, `a reader from ${after} gets the end; it has "${bytes}" of "${rest}"`);
  if (result === 'failed') return;
  assertPromise(result === 'ended', `a reader of an existing job reads to its end, not to "${result}"`);
  // Not only the last event: when the job is retried while its end is read, the reader may get the next beginning too.
  const got = [...entries.slice(Math.max(0, after - 1), after), ...readEntries(bytes)];
  assertPromise(
    got.some(({ type }) => ['job.completed', 'job.failed', 'job.cancelled'].includes(type)),
    `a reader ends with the job, not with ${got.at(-1)?.type}`,
  );
}
