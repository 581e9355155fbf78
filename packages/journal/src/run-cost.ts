/** What the current run of a job has cost, from its record: for whoever settles it. */
import { addSpend, hasEnded, noSpend, type Spend } from '@holdfast/core';
import type { Journal } from './journal.ts';
import type { RecordField } from './record.ts';

export interface RunCost {
  tenant: string;
  /** What the gate has set aside for the run; '' nothing. */
  reservation: string;
  ended: boolean;
  /** Calls that a worker or a cancel left open are in it with what they may cost: nobody knows any better. */
  spend: Spend;
}

const fields = ['tenant', 'status', 'reservation', 'spent', 'call_cost'] as const satisfies RecordField[];

/** null: there is no such job. */
export async function readRunCost(journal: Journal, jobId: string): Promise<RunCost | null> {
  const values = await journal.redis.hmget(journal.keysOf(jobId).record, ...fields);
  const [tenant, status, reservation, spent, openCost] = values;
  if (!tenant || !status) return null;
  const known = spent ? (JSON.parse(spent) as Spend) : noSpend;
  const spend = openCost ? addSpend(known, { usd: Number(openCost) }) : known;
  return { tenant, reservation: reservation ?? '', ended: hasEnded(status), spend };
}
