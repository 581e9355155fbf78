/**
 * The tasks of whoever runs this Holdfast, from the modules that `task_files` of the config file names. API, workers and console
 * load them when they start:
 *
 *   1. find     paths, patterns and packages: `find-task-modules.ts`
 *   2. import   each module, in the order of the list: `import-module.ts`
 *   3. take     the tasks that they export: `tasks-in-exports.ts`
 *   4. check    names that differ, models that a lane serves
 *
 * All faults are reported at once, each with its place. A running process loads nothing anew: `holdfast dev` starts new processes.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import type { Lanes } from '@holdfast/core';
import { allTasks, checkModels, type TaskSettings } from '../all-tasks.ts';
import { exampleTasks } from '../examples/index.ts';
import { shownPath } from '../shown-path.ts';
import { TASK_BRAND, TASK_VERSION, type Task } from '../task.ts';
import { findTaskModules } from './find-task-modules.ts';
import { importModule } from './import-module.ts';
import { watchImports } from './module-graph.ts';
import { type TaskFileFault, TaskFilesError } from './task-file-fault.ts';
import { tasksInExports } from './tasks-in-exports.ts';

/** What a config file says, as far as it has to do with tasks. */
export interface TaskConfig {
  /** Paths, patterns and packages; undefined: the examples. */
  task_files?: readonly string[] | undefined;
  tasks: Readonly<Record<string, TaskSettings>>;
  lanes: Lanes;
}

export interface LoadedTasks {
  /** All of them, the built-in ones included. */
  tasks: ReadonlyMap<string, Task>;
  /** The modules of the user's own that they are made of, absolute: a change in one of these changes the tasks. */
  files: readonly string[];
  /** Another one where one of these files is another. */
  digest: string;
  /** What may be a mistake. */
  warnings: readonly string[];
}

/**
 * @param configFile absolute: what `task_files` names is found from there; null: there is none
 * @throws TaskFilesError naming each file and line, CodedError `duplicate_task`; RangeError where `tasks` of the config file
 *   doesn't fit the tasks
 */
export function loadTasks(config: TaskConfig, configFile: string | null): LoadedTasks {
  const { tasks: own, modules } = ownTasks(config, configFile);
  const tasks = allTasks(own, config.tasks);
  const files = filesBehind(modules);
  return { tasks, files, digest: digestOf(files), warnings: checkModels(tasks, config) };
}

function ownTasks({ task_files: entries }: TaskConfig, configFile: string | null) {
  if (entries === undefined || configFile === null) return { tasks: exampleTasks, modules: [] };
  const faults: TaskFileFault[] = [];
  const tasks = new Set<Task>();
  const modules = new Set<string>();
  for (const [at, entry] of entries.entries()) {
    const found = findTaskModules(entry, dirname(configFile));
    if ('fault' in found) faults.push({ place: `task_files.${at}`, message: found.fault });
    else for (const module of found.modules) takeTasks(module, configFile, { faults, tasks, modules });
  }
  if (faults.length > 0) throw new TaskFilesError(shownPath(configFile), faults, filesBehind(modules));
  return { tasks: [...tasks], modules: [...modules] };
}

/** Of none, none is asked for: the hook that sees imports is set for those who have tasks of their own. */
function filesBehind(modules: Iterable<string>): string[] {
  const all = [...modules];
  return all.length === 0 ? [] : watchImports().filesBehind(all);
}

interface Taken {
  faults: TaskFileFault[];
  /** A task that several modules export is one. */
  tasks: Set<Task>;
  modules: Set<string>;
}

function takeTasks(module: string, configFile: string, { faults, tasks, modules }: Taken): void {
  if (isAbsolute(module)) modules.add(module);
  const imported = importModule(module, configFile);
  if ('fault' in imported) {
    faults.push(imported.fault);
    return;
  }
  if (imported.path !== null) modules.add(imported.path);
  const found = tasksInExports(imported.exports);
  const place = isAbsolute(module) ? shownPath(module) : module;
  faults.push(...found.faults.map((message) => ({ place, message })));
  for (const task of found.tasks) {
    if (task[TASK_BRAND] === TASK_VERSION) tasks.add(task);
    else faults.push({ place: task.place ?? place, message: otherVersion(task) });
  }
}

function otherVersion({ name }: Task): string {
  return `the task "${name}" is made by an @holdfast/tasks of another version. Install the one of this Holdfast.`;
}

/** By what the files hold, not by their paths: those differ from machine to machine. */
function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  const contents = files.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
  for (const content of contents.sort()) hash.update(content);
  return hash.digest('hex').slice(0, 12);
}
