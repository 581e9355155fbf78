/**
 * A duty: settles what others have left. A crash between being let in and being accepted leaves a reservation without a job;
 * one between a job's end and its settlement leaves one that counts against the budget for ever. Because of this duty
 * neither does.
 *
 *   1. one process at a time, by a lock that outlives a round
 *   2. of each tenant, the reservations that are older than their lease
 *   3. the job has ended        settle by what its record says it has cost
 *      there is no such job     give back
 *      another run has begun    give back: this one was never accepted
 *      it goes on               look again after another lease
 *
 * A crash in a round leaves the rest to the next: every step is safe to repeat.
 */
import type { Logger } from '@holdfast/core';
import type { DueReservation, Ledger, Tenants } from '@holdfast/gate';
import { type Journal, readRunCost } from '@holdfast/journal';

export interface SettleParts {
  journal: Journal;
  ledger: Ledger;
  tenants: Pick<Tenants, 'list'>;
  logger: Logger;
}

const PAGE = 200;
const LOCK_MS = 60_000;
const SETTLE_EVERY_MS = 10_000;

/** A round every 10 s until the returned function is called. One that fails is tried again at the next. */
export function startSettling(parts: SettleParts): () => void {
  const timer = setInterval(() => {
    settleEndedJobs(parts).catch((error: unknown) => parts.logger.warn({ error }, 'settling failed'));
  }, SETTLE_EVERY_MS);
  return () => clearInterval(timer);
}

/** One round. Returns how many reservations it ended, or null when another process is at it. */
export async function settleEndedJobs(parts: SettleParts): Promise<number | null> {
  const { redis, prefix } = parts.journal;
  const lock = `${prefix}:settling`;
  if ((await redis.set(lock, '1', 'PX', LOCK_MS, 'NX')) === null) return null;
  try {
    let ended = 0;
    for (const { id } of await parts.tenants.list()) ended += await settleTenant(parts, id);
    return ended;
  } finally {
    await redis.del(lock);
  }
}

async function settleTenant(parts: SettleParts, tenant: string): Promise<number> {
  let ended = 0;
  for (;;) {
    const due = await parts.ledger.dueReservations(tenant, PAGE);
    const results = await Promise.all(due.map((reservation) => settleOne(parts, tenant, reservation)));
    ended += results.filter(Boolean).length;
    if (due.length < PAGE) return ended;
  }
}

/** Whether the reservation is gone. */
async function settleOne(
  { journal, ledger, logger }: SettleParts,
  tenant: string,
  due: DueReservation,
): Promise<boolean> {
  const { jobId, reservation } = due;
  const run = await readRunCost(journal, jobId);
  if (run?.reservation === reservation) {
    if (!run.ended) return false;
    await ledger.settle(tenant, jobId, reservation, run.spend);
    logger.warn({ jobId, tenant }, 'this job had ended and was not settled; it is now');
  } else {
    await ledger.drop(tenant, due);
    logger.warn({ jobId, tenant }, 'this job was let in and never accepted; what was set aside is free again');
  }
  return true;
}
