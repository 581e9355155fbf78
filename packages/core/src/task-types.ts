/**
 * The types of a task, for clients that are typed by the tasks of their server. They are types only: no code of a task reaches a
 * client.
 */
export interface TaskTypes<Name extends string = string, Input = unknown, Output = unknown> {
  readonly name: Name;
  /** Exists in types only; no task has it at run time. */
  readonly '~types'?: { readonly input: Input; readonly output: Output } | undefined;
}
