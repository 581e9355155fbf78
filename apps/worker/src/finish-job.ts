/**
 * Steps 6 and 7 of an attempt: write the job's end, with what its run has used. Before it: `run-task.ts`; after it:
 * `settle-run.ts`.
 */
import { type JsonValue, type Outcome, usageOf } from '@holdfast/core';
import { closeAll } from './call-slots.ts';
import type { Attempt } from './run-attempt.ts';

export async function finishJob(attempt: Attempt, output: JsonValue): Promise<Outcome> {
  // Calls of an earlier attempt that the task had no more use for.
  const closed = closeAll(attempt);
  const usage = usageOf(attempt.bill.spent);
  const fields = { output: JSON.stringify(output), ...closed, ...(usage ? { usage: JSON.stringify(usage) } : {}) };
  await attempt.writer.end('completed', 'job.completed', { output, usage }, fields);
  return { kind: 'completed' };
}
