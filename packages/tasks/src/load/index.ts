/** For the processes that run tasks: the tasks that a config file names. */
export { directoriesOf } from './find-task-modules.ts';
export { type LoadedTasks, loadTasks } from './load-tasks.ts';
export { TaskFilesError } from './task-file-fault.ts';
