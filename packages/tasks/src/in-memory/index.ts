/**
 * Tests of tasks, in any test runner: a task runs as in a worker, with a model that says what the test wants, and crashes where
 * the test wants. Nothing else is needed: no Redis, no provider, no process.
 */
export { type CheckedCrash, checkCrashes } from './check-crashes.ts';
export type { ModelCall } from './memory-journal.ts';
export { type RunOptions, runTask, type TaskLogLine, type TaskRun } from './run-task.ts';
export { cutAfter, failWith, type ModelAnswer, type ModelRequest, type ScriptedModel } from './scripted-model.ts';
