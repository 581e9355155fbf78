/**
 * A maintenance task: logs of ended jobs are deflated, to about a tenth. Once a second each process takes some; a crash leaves
 * what it took to another, 30 s later. Every reader gets the same bytes as before: `read-log.ts` inflates them.
 */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { scripts } from '@holdfast/cell';
import { hasEnded, type Logger } from '@holdfast/core';
import type { Journal } from './journal.ts';
import { bytesArgument, readValue } from './staged-value.ts';

const EVERY_MS = 1_000;
/** Their logs are in memory at once, and may be large. */
const MAX_AT_ONCE = 16;
/** Below this share of the log it is worth the inflating. */
const GAIN = 0.8;

const deflate = promisify(deflateRaw) as (bytes: Buffer) => Promise<Buffer>;
const inflate = promisify(inflateRaw) as (bytes: Buffer) => Promise<Buffer>;

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
  const pieces: Buffer[] = [];
  for await (const piece of readValue(cell, log, Number(size))) pieces.push(piece);
  const packed = await deflate(Buffer.concat(pieces));
  const isGain = packed.length < Number(size) * GAIN;
  await scripts.packLog.run(cell, [jobId, String(seq), isGain ? await bytesArgument(cell, packed) : '']);
}

/** Before a job runs again. No effect where its log isn't packed. */
export async function unpackLog({ cell }: Journal, jobId: string): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of readValue(cell, cell.keys.job(jobId).packed, Number.POSITIVE_INFINITY)) pieces.push(piece);
  if (pieces.length === 0) return;
  const log = await inflate(Buffer.concat(pieces));
  await scripts.unpackLog.run(cell, [jobId, await bytesArgument(cell, log)]);
}
