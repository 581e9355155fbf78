/** A task's log. Each line bears the job's id, the attempt and the task's name. */
interface Say {
  (message: string): void;
  (fields: object, message: string): void;
}

export interface TaskLogger {
  readonly debug: Say;
  readonly info: Say;
  readonly warn: Say;
  readonly error: Say;
}
