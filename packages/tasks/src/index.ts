/** Business logic: what can be asked for. */
export * from './built-in-tasks.ts';
export type { Task } from './task.ts';
