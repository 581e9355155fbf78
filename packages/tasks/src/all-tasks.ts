/** Every task that clients can ask for: the built-in ones, and those that the config file names (`load/load-tasks.ts`). */
import { CodedError, type Lanes, laneFor } from '@holdfast/core';
import { builtInTasks } from './built-in-tasks.ts';
import type { Task } from './task.ts';

/** Settings of a task in the config file. */
export interface TaskSettings {
  model: string;
}

/**
 * All tasks by name, with the models that the config file names for them.
 * @throws RangeError where it names a task that isn't there, or whose model the input names; CodedError where two tasks
 *   have one name
 */
export function allTasks(
  own: readonly Task[],
  settings: Readonly<Record<string, TaskSettings>> = {},
): ReadonlyMap<string, Task> {
  const tasks = byName([...builtInTasks.values(), ...own]);
  for (const [name, { model }] of Object.entries(settings)) {
    const task = tasks.get(name);
    if (!task?.model) {
      const names = own.map((each) => each.name).join(', ');
      const known = names === '' ? 'task_files names none' : `one of ${names}`;
      throw new RangeError(`tasks.${name}: ${task ? 'its input names the model' : `no such task; ${known}`}`);
    }
    tasks.set(name, { ...task, model });
  }
  return tasks;
}

/**
 * What is to be warned of at start: tasks whose own model no lane serves, since their jobs are refused.
 * @throws RangeError where no lane serves a model that the config file itself names
 */
export function checkModels(
  tasks: ReadonlyMap<string, Task>,
  { tasks: settings, lanes }: { tasks: Readonly<Record<string, TaskSettings>>; lanes: Lanes },
): string[] {
  const unserved = [...tasks.values()].filter(({ model }) => model !== null && !laneFor(lanes, model));
  const named = unserved.find(({ name }) => Object.hasOwn(settings, name));
  if (named)
    throw new RangeError(`tasks.${named.name}.model: expected a model that a lane serves; got "${named.model}"`);
  const names = unserved.map(({ name, model }) => `${name} (${model})`).join(', ');
  return unserved.length > 0 ? [`no lane serves the models of these tasks, their jobs are refused: ${names}`] : [];
}

/**
 * Tasks by their names: jobs name the task that they are for, so no two may have one.
 * @throws CodedError `duplicate_task`, naming both places
 */
export function byName(tasks: readonly Task[]): Map<string, Task> {
  const known = new Map<string, Task>();
  for (const task of tasks) {
    const other = known.get(task.name);
    if (other) {
      const places = other.place === task.place ? `${placeOf(task)}, twice` : `${placeOf(other)} and ${placeOf(task)}`;
      throw new CodedError(
        'duplicate_task',
        `Two tasks are named "${task.name}": ${places}. Rename one, or remove it.`,
      );
    }
    known.set(task.name, task);
  }
  return known;
}

function placeOf({ place, endpoint }: Task): string {
  return place ?? (endpoint === null ? 'a place that is not known' : 'the built-in one');
}
