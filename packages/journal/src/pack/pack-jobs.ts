/**
 * A maintenance task: ended jobs are packed (`packed-job.ts`). Once a second each process takes some; a crash leaves
 * what it took to another, 30 s later. Every reader gets the same bytes as before: `read-log.ts` unpacks them.
 */
import { PACK_REQUEST_TO_BYTES, scripts } from '@holdfast/cell';
import { hasEnded, type Logger } from '@holdfast/core';
import type { JournalCell } from '../journal-cell.ts';
import { bytesArgument, readBytes } from '../write/staged-value.ts';
import { packed, readDictionary, readPackedLog, readPackedRequest } from './packed-job.ts';

const EVERY_MS = 1_000;
/** Their logs are in memory at once, and may be large. */
const MAX_AT_ONCE = 16;
/** Below this share of what it was it is worth the unpacking. */
const GAIN = 0.8;

export function startPacking(journal: JournalCell, logger: Logger): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    packJobs(journal)
      .catch((error: unknown) => logger.warn({ error }, 'ended jobs not packed'))
      .finally(() => {
        isBusy = false;
      });
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** Until none is left that is due. */
async function packJobs(journal: JournalCell): Promise<void> {
  for (;;) {
    const [due, ...ids] = (await scripts.claimPacking.run(journal.cell, [MAX_AT_ONCE])) as [number, ...string[]];
    await Promise.all(ids.map((id) => packJob(journal, id)));
    if (due < MAX_AT_ONCE) return;
  }
}

async function packJob({ cell }: JournalCell, jobId: string): Promise<void> {
  const keys = cell.keys.job(jobId);
  const [status, seq, logSize, requestSize] = await cell.redis.hmget(
    keys.record,
    'status',
    'seq',
    'size',
    'request_size',
  );
  if (!status || !hasEnded(status)) {
    await scripts.packJob.run(cell, [jobId, 0, '']);
    return;
  }
  const takesRequest = Number(requestSize) <= PACK_REQUEST_TO_BYTES;
  const [dictionary, log, request] = await Promise.all([
    readDictionary(cell, jobId),
    readBytes(cell, keys.log, Number(logSize)),
    takesRequest ? readBytes(cell, keys.request, Number(requestSize)) : Buffer.alloc(0),
  ]);
  const bytes = await packed({ request, log }, dictionary);
  const isGain = bytes.length < (log.length + request.length) * GAIN;
  await scripts.packJob.run(cell, [jobId, String(seq), isGain ? await bytesArgument(cell, bytes) : '']);
}

/** Before a job runs again. No effect where it isn't packed. */
export async function unpackJob({ cell }: JournalCell, jobId: string): Promise<void> {
  const dictionary = await readDictionary(cell, jobId);
  const windows: Buffer[] = [];
  for await (const window of readPackedLog(cell, jobId, dictionary)) windows.push(window);
  if (windows.length === 0) return;
  const log = await bytesArgument(cell, Buffer.concat(windows));
  const request = await bytesArgument(cell, await readPackedRequest(cell, jobId, dictionary));
  await scripts.unpackJob.run(cell, [jobId, log, request]);
}
