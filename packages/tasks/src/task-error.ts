import { AttemptError } from '@holdfast/core';

/**
 * An error that a task throws on purpose. Clients see its message in the job's `error`. The message of any other error stays in the
 * worker's log, since it may quote a prompt. With `retryable: true` the job is tried again; by default it fails.
 */
export class TaskError extends AttemptError {
  constructor(message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super('task_error', message, options);
  }
}
