/** Steps 6 and 7 of an attempt: settle what it used, then write the job's end. Before it: `call-provider.ts`. */
import type { Outcome, Usage } from '@holdfast/core';
import type { Answer } from './call-provider.ts';
import type { Attempt } from './run-attempt.ts';

export async function finishJob(attempt: Attempt, { output, usage }: Answer): Promise<Outcome> {
  const { writer, bill, billed, text } = attempt;
  if (billed) bill.complete(billed, usage, text);
  // The cost is the run's: calls that broke off before this one are in it.
  const settled: Usage | null = usage && { ...usage, cost_usd: bill.spent.usd, cached: false };
  await writer.end(
    'completed',
    'job.completed',
    { output, usage: settled },
    { output: JSON.stringify(output), ...bill.fields, ...(settled ? { usage: JSON.stringify(settled) } : {}) },
  );
  return { kind: 'completed' };
}
