/** Business logic: what can be asked for. */
export { allTasks } from './all-tasks.ts';
export type { AnswerFormat, AnswerFormats } from './answer/answer-format.ts';
export * from './built-in-tasks.ts';
export { mapBounded } from './context/map-bounded.ts';
export type { GenerateOptions, Message, StructuredOptions, TaskContext } from './context/task-context.ts';
export type { HostCall, StoredResult, TaskHost } from './context/task-host.ts';
export type { TaskLogger } from './context/task-logger.ts';
export { defineTask, type TaskDefinition } from './define-task.ts';
export { firstCallOf, isTask, modelOf, type Task, type TypedTask } from './task.ts';
export { TaskError } from './task-error.ts';
