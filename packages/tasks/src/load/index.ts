/** For the processes that run tasks: the tasks that a config file names. */
export { matchingModules } from './find-task-modules.ts';
export { type LoadedTasks, loadTasks } from './load-tasks.ts';
