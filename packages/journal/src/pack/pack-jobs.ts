/**
 * A maintenance task: packs ended jobs (`packed-job.ts`). Each process packs some once a second. After a crash another process gets
 * its jobs, 30 s later. Readers get the same bytes as before, since `read-log.ts` unpacks them.
 */
import { PACK_REQUEST_TO_BYTES, scripts } from '@holdfast/cell';
import { hasEnded, type Logger } from '@holdfast/core';
import type { JournalCell } from '../journal-cell.ts';
import { bytesArgument, readBytes } from '../write/staged-value.ts';
import { packed, readDictionary, readPackedLog, readPackedRequest } from './packed-job.ts';

const EVERY_MS = 1_000;
/** Their logs, which may be large, are in memory at the same time. */
const MAX_AT_ONCE = 16;
/** Packing is worth it if the result is below this share of the original. */
const MAX_SHARE = 0.8;

export function startPacking(journal: JournalCell, logger: Logger): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    packJobs(journal)
      .catch((error: unknown) => logger.warn({ error }, 'ended jobs could not be packed; the next round tries again'))
      .finally(() => {
        isBusy = false;
      });
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** Packs all jobs that are due. */
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
  const isGain = bytes.length < (log.length + request.length) * MAX_SHARE;
  await scripts.packJob.run(cell, [jobId, String(seq), isGain ? await bytesArgument(cell, bytes) : '']);
}

/** Unpacks a job before it runs again. No effect where it isn't packed. */
export async function unpackJob({ cell }: JournalCell, jobId: string): Promise<void> {
  const dictionary = await readDictionary(cell, jobId);
  const windows: Buffer[] = [];
  for await (const window of readPackedLog(cell, jobId, dictionary)) windows.push(window);
  if (windows.length === 0) return;
  const log = await bytesArgument(cell, Buffer.concat(windows));
  const request = await bytesArgument(cell, await readPackedRequest(cell, jobId, dictionary));
  await scripts.unpackJob.run(cell, [jobId, log, request]);
}
