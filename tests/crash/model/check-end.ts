/** What is judged of an interleaving once nothing moves any more. Before it: `model-interleaving.ts`. */

import type { Interleaving } from './interleaving.ts';
import { promise, readEntries } from './promises/job.ts';
import type { Reader } from './system/api.ts';
import type { Upstream } from './system/provider.ts';

/** @throws BrokenPromise */
export async function judge(all: Interleaving): Promise<void> {
  const { upstream } = all.surroundings;
  all.witness.rests();
  const journals = await all.witness.journals();
  for (const jobId of all.acknowledged) {
    promise(
      journals.some((journal) => journal.jobId === jobId),
      'a job that was acknowledged is never lost',
    );
  }
  const counted = journals.reduce((sum, { providerCalls }) => sum + providerCalls, 0);
  promise(upstream.begun.length <= counted, `${upstream.begun.length} calls were made, ${counted} counted`);
  checkNotes(upstream);
  for (const reader of all.readers) {
    // What a reader of a job that is deleted or expires under it has seen is nobody's promise.
    if (reader.process.dead || all.witness.timesClosed(reader.jobId) > reader.closed) continue;
    const log = journals.findLast(({ jobId }) => jobId === reader.jobId)?.log ?? '';
    checkReader(reader, log);
  }
}

/** What a task tells is what its notes say: each in its place, and whole. */
function checkNotes({ begun }: Upstream): void {
  for (const { prompt } of begun) {
    const [, job = '', told = '[]'] = /^(.+) tells (.+)$/.exec(prompt) ?? [];
    for (const [at, note] of (JSON.parse(told) as string[]).entries()) {
      const taken = `${job} takes ${['one', 'two', 'three'][at]}`;
      promise(
        begun.some((call) => call.prompt === taken && call.output === note),
        `"${prompt}" tells what a call has said`,
      );
    }
  }
}

/** Whoever attaches, whenever, from whatever cursor, sees the same events. */
function checkReader({ after, bytes, result }: Reader, log: string): void {
  const entries = readEntries(log);
  const start = entries.findIndex(({ seq }) => seq === after + 1);
  const rest = start === -1 ? '' : log.slice(log.indexOf(`id: ${after + 1}\n`));
  promise(rest.startsWith(bytes), `a reader from ${after} gets the log's bytes: "${bytes}" of "${rest}"`);
  promise(result !== null, `a reader from ${after} is told of the end; it has "${bytes}" of "${rest}"`);
  if (result === 'failed') return;
  promise(result === 'ended', `a reader of a kept job comes to its end, not to "${result}"`);
  // Not "the last of what it got": a job that is run again while its end is read may have its next beginning read too.
  const got = [...entries.slice(Math.max(0, after - 1), after), ...readEntries(bytes)];
  promise(
    got.some(({ type }) => ['job.completed', 'job.failed', 'job.cancelled'].includes(type)),
    `a reader ends with the job, not with ${got.at(-1)?.type}`,
  );
}
