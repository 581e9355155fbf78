/** The log of a task. Each line has the job's id, the attempt and the task's name; the task's own fields can't hide them. */
import type { Logger } from '@holdfast/core';
import type { TaskLogger } from '@holdfast/tasks';

interface TaskFields {
  jobId: string;
  attempt: number;
  /** Distinguishes a task's lines from the worker's own. */
  task: string;
}

export function createTaskLogger(logger: Logger, fields: TaskFields): TaskLogger {
  const at =
    (level: keyof Logger) =>
    (first: string | object, message = '') => {
      if (typeof first === 'string') logger[level](fields, first);
      else logger[level]({ ...(first instanceof Error ? { error: first } : first), ...fields }, message);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
