/** What the current run of a job has cost, from its record: for whoever settles it. */
import { addSpend, hasEnded, readSpend, type Spend } from '@holdfast/core';
import { type OpenCall, readKind } from './call-record.ts';
import type { Journal } from './journal.ts';

export interface RunCost {
  tenant: string;
  /** What the gate has set aside for the run; '' nothing. */
  reservation: string;
  ended: boolean;
  /** Calls that a worker or a cancel left open are in it with what they may cost: nobody knows any better. */
  spend: Spend;
}

/** null: there is no such job. */
export async function readRunCost(journal: Journal, jobId: string): Promise<RunCost | null> {
  const record = await journal.redis.hgetall(journal.keysOf(jobId).record);
  const { tenant, status, reservation = '', spent } = record;
  if (!tenant || !status) return null;
  const open = [...readKind<OpenCall>(record, 'call').values()];
  const spend = open.reduce((sum, { cost }) => addSpend(sum, { usd: cost }), readSpend(spent));
  return { tenant, reservation, ended: hasEnded(status), spend };
}
