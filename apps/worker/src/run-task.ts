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
import { asAttemptError } from './as-attempt-error.ts';
import { AttemptHost } from './attempt-host.ts';
import type { Attempt, PreparedTask, WorkerParts } from './run-attempt.ts';

/** @throws AttemptError; JournalRefusal; the reason of the attempt's order to stop */
export async function runTask(parts: WorkerParts, attempt: Attempt, prepared: PreparedTask): Promise<JsonValue> {
  const host = new AttemptHost(parts, attempt, prepared);
  try {
    const output = await prepared.task.run(attempt.claim.request.input, host);
    await host.settled();
    return output;
  } catch (thrown) {
    // An order to stop comes before whatever error it caused: `conclude-attempt.ts`.
    if (attempt.order.reason !== null || thrown instanceof JournalRefusal) throw thrown;
    const error = shownError(attempt, prepared.task, thrown);
    if (!error.retryable || error.isFinal) host.breakOff();
    await host.settled().catch(() => undefined);
    throw error;
  } finally {
    host.close();
  }
}

/** What a task throws may quote a prompt: only errors on purpose are shown, and of others only kind and place are logged. */
function shownError({ claim, logger }: Attempt, task: Task, thrown: unknown): AttemptError {
  if (thrown instanceof AttemptError || task.model === null) return asAttemptError({ claim, logger }, thrown);
  const error = new AttemptError('task_error', `The task "${task.name}" met an error of its own.`, { cause: thrown });
  const { name, message, stack = '' } = thrown instanceof Error ? thrown : new Error();
  error.name = name;
  error.stack = stack.replace(message, '');
  logger.error({ jobId: claim.jobId, attempt: claim.attempt, task: task.name, error }, 'task broke');
  return error;
}
