import { AttemptError } from '@holdfast/core';

/**
 * What a task throws on purpose: the job's `error` has its message, which clients see. Other errors that a task throws are
 * shown without theirs, which may quote a prompt. Retryable: the job is tried again by the usual policy. Default: it fails.
 */
export class TaskError extends AttemptError {
  constructor(message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super('task_error', message, options);
  }
}
