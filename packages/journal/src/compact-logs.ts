/**
 * A maintenance task: logs of ended jobs are packed (`packed-log.ts`). Once a second each process takes some; a crash leaves
 * what it took to another, 30 s later. Every reader gets the same bytes as before: `read-log.ts` unpacks them.
 */
import { scripts } from '@holdfast/cell';
import { hasEnded, type Logger } from '@holdfast/core';
import type { Journal } from './journal.ts';
import { packed, readDictionary, readPacked } from './packed-log.ts';
import { bytesArgument, readBytes } from './staged-value.ts';

const EVERY_MS = 1_000;
/** Their logs are in memory at once, and may be large. */
const MAX_AT_ONCE = 16;
/** Below this share of the log it is worth the unpacking. */
const GAIN = 0.8;

export function startCompacting(journal: Journal, logger: Logger): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    compactLogs(journal)
      .catch((error: unknown) => logger.warn({ error }, 'logs not compacted'))
      .finally(() => {
        isBusy = false;
      });
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** Until none is left that is due. */
async function compactLogs(journal: Journal): Promise<void> {
  for (;;) {
    const [due, ...ids] = (await scripts.claimCompactions.run(journal.cell, [MAX_AT_ONCE])) as [number, ...string[]];
    await Promise.all(ids.map((id) => packLog(journal, id)));
    if (due < MAX_AT_ONCE) return;
  }
}

async function packLog({ cell }: Journal, jobId: string): Promise<void> {
  const { record, log } = cell.keys.job(jobId);
  const [status, seq, size] = await cell.redis.hmget(record, 'status', 'seq', 'size');
  if (!status || !hasEnded(status)) {
    await scripts.packLog.run(cell, [jobId, 0, '']);
    return;
  }
  const bytes = await packed(await readBytes(cell, log, Number(size)), await readDictionary(cell, jobId));
  const isGain = bytes.length < Number(size) * GAIN;
  await scripts.packLog.run(cell, [jobId, String(seq), isGain ? await bytesArgument(cell, bytes) : '']);
}

/** Before a job runs again. No effect where its log isn't packed. */
export async function unpackLog({ cell }: Journal, jobId: string): Promise<void> {
  const windows: Buffer[] = [];
  for await (const window of readPacked(cell, jobId, await readDictionary(cell, jobId))) windows.push(window);
  if (windows.length > 0) await scripts.unpackLog.run(cell, [jobId, await bytesArgument(cell, Buffer.concat(windows))]);
}
