/**
 * Step 4 of an attempt: runs the task's code over its host, and makes sure that nothing of it goes on, or writes, once the attempt is
 * over. Before it: `prepare-task.ts`; inside of it: `tasks/attempt-host.ts` for each call and step.
 *
 * If the task fails while calls of its own still run: they are paid for, so they are awaited and stored where the job is going to be
 * tried again, and cut off where it isn't.
 */
import { AttemptError, type Logger } from '@holdfast/core';
import { type Claim, JournalRefusal } from '@holdfast/journal';
import type { Task } from '@holdfast/tasks';
import type { AttemptHost } from '../tasks/attempt-host.ts';
import { runAs } from '../tasks/current-job.ts';
import { describeThrown } from '../tasks/describe-thrown.ts';
import type { AttemptResult } from './attempt-result.ts';
import type { StopSignal } from './stop-signal.ts';
import { storedText, toStoredAnswer } from './stored-answer.ts';
import { toAttemptError } from './to-attempt-error.ts';

interface Execution {
  claim: Claim;
  task: Task;
  host: AttemptHost;
  stop: StopSignal;
  logger: Logger;
  /** What a job may answer, as JSON. */
  maxAnswerBytes: number;
  /** Clients see what a task threw, not only that it threw. */
  showsTaskErrors: boolean;
}

/** @throws AttemptError; JournalRefusal; the stop's reason */
export async function executeTask(execution: Execution): Promise<AttemptResult> {
  const { claim, task, host, stop, maxAnswerBytes } = execution;
  try {
    const output = await runAs({ jobId: claim.jobId, task: task.name }, () => task.run(claim.request.input, host));
    await host.settled();
    const json = toStoredAnswer(output, maxAnswerBytes);
    return { kind: 'answered', json, usage: null, changes: storedText(json, output) };
  } catch (thrown) {
    if (stop.reason !== null || thrown instanceof JournalRefusal) throw thrown;
    const error = shownError(execution, thrown);
    if (!error.retryable || error.isFinal) host.cutOff();
    await host.settled().catch(() => undefined);
    throw error;
  } finally {
    host.close();
  }
}

/**
 * An error that the task's author didn't mean to throw is for them: the log has its message and place. The message may quote a
 * prompt: clients see it only where the config file says so (`task_error_message`).
 */
function shownError({ claim, logger, task, showsTaskErrors }: Execution, thrown: unknown): AttemptError {
  if (thrown instanceof AttemptError || task.model === null) return toAttemptError({ claim, logger }, thrown);
  const described = describeThrown(thrown);
  const { jobId, attempt } = claim;
  logger.error({ jobId, attempt, task: task.name, thrown: described }, 'task failed');
  const what = showsTaskErrors
    ? `threw ${described.type}: ${described.message}`
    : "met an error of its own; the worker's log has it.";
  return new AttemptError('task_error', `The task "${task.name}" ${what}`, { cause: thrown });
}
