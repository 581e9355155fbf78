/**
 * Step 4 of an attempt for any task: runs its code over a `TaskHost`, and sees to it that nothing of it goes on, or writes,
 * once the attempt is over. Before it: `run-attempt.ts`; after it: `call-provider.ts` for each call.
 *
 * Where the task fails beside calls of its own that still run: they are paid for, so they are waited for and kept where the
 * job is going to be tried again, and broken off where it isn't.
 */
import { AttemptError, type JsonValue } from '@holdfast/core';
import { JournalRefusal } from '@holdfast/journal';
import type { Task } from '@holdfast/tasks';
import { asAttemptError } from '../attempt/as-attempt-error.ts';
import { AttemptHost } from '../attempt/attempt-host.ts';
import { describeThrown } from '../attempt/describe-thrown.ts';
import type { Attempt, PreparedTask, WorkerParts } from '../attempt/run-attempt.ts';
import { runAs } from './current-job.ts';

/** @throws AttemptError; JournalRefusal; the reason of the attempt's order to stop */
export async function runTask(parts: WorkerParts, attempt: Attempt, prepared: PreparedTask): Promise<JsonValue> {
  const host = new AttemptHost(parts, attempt, prepared);
  try {
    const output = await runAs({ jobId: attempt.claim.jobId, task: prepared.task.name }, () =>
      prepared.task.run(attempt.claim.request.input, host),
    );
    await host.settled();
    return output;
  } catch (thrown) {
    // An order to stop comes before whatever error it caused: `conclude-attempt.ts`.
    if (attempt.order.reason !== null || thrown instanceof JournalRefusal) throw thrown;
    const error = shownError(parts, attempt, prepared.task, thrown);
    if (!error.retryable || error.isFinal) host.breakOff();
    await host.settled().catch(() => undefined);
    throw error;
  } finally {
    host.close();
  }
}

/**
 * An error that isn't on purpose is the author's to see, in the log, with its message and place. The message may quote a prompt:
 * clients see it only where the config file says so (`task_error_message`).
 */
function shownError(parts: WorkerParts, { claim, logger }: Attempt, task: Task, thrown: unknown): AttemptError {
  if (thrown instanceof AttemptError || task.model === null) return asAttemptError({ claim, logger }, thrown);
  const described = describeThrown(thrown);
  const { jobId, attempt } = claim;
  logger.error({ jobId, attempt, task: task.name, thrown: described }, 'task broke');
  const what = parts.showsTaskErrors
    ? `threw ${described.type}: ${described.message}`
    : "met an error of its own; the worker's log has it.";
  return new AttemptError('task_error', `The task "${task.name}" ${what}`, { cause: thrown });
}
