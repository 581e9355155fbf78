/**
 * What TypeScript knows of a task, for clients that are typed by the tasks of their server. Types only: nothing of a task's code
 * reaches a client.
 */
export interface TaskTypes<Name extends string = string, Input = unknown, Output = unknown> {
  readonly name: Name;
  /** Of types alone; no task has it when it runs. */
  readonly '~types'?: { readonly input: Input; readonly output: Output } | undefined;
}
