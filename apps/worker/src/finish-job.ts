/** Steps 6 and 7 of an attempt: settle what it used, then write the job's end. Before it: `call-provider.ts`. */
import type { Outcome, Usage } from '@holdfast/core';
import type { Answer } from './call-provider.ts';
import type { Attempt, WorkerParts } from './run-attempt.ts';
import { settleCall } from './settle-call.ts';

export async function finishJob(parts: WorkerParts, attempt: Attempt, { output, usage }: Answer): Promise<Outcome> {
  const settled: Usage | null = usage && { ...usage, cost_usd: null, cached: false };
  settleCall(parts, attempt, usage);
  await attempt.writer.end(
    'completed',
    'job.completed',
    { output, usage: settled },
    { output: JSON.stringify(output), ...(settled ? { usage: JSON.stringify(settled) } : {}) },
  );
  return { kind: 'completed' };
}
