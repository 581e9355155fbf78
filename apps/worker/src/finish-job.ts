/** Steps 6 and 7 of an attempt: settle what it used, then write the job's end. Before it: `call-provider.ts`. */
import type { Outcome, Usage } from '@holdfast/core';
import type { Answer } from './call-provider.ts';
import type { Attempt } from './run-attempt.ts';

export async function finishJob({ writer }: Attempt, { output, usage }: Answer): Promise<Outcome> {
  const settled: Usage | null = usage && { ...usage, cost_usd: null, cached: false };
  await writer.end(
    'completed',
    'job.completed',
    { output, usage: settled },
    { output: JSON.stringify(output), ...(settled ? { usage: JSON.stringify(settled) } : {}) },
  );
  return { kind: 'completed' };
}
