/** Every task that clients can ask for. One of your own is added to `ownTasks`: see `docs/guides/add-a-task.md`. */
import { type Lanes, laneFor } from '@holdfast/core';
import { builtInTasks } from './built-in-tasks.ts';
import { chat } from './examples/chat.ts';
import { extract } from './examples/extract.ts';
import { summarize } from './examples/summarize.ts';
import type { Task } from './task.ts';

const ownTasks: readonly Task[] = [summarize, extract, chat];

/** Settings of a task in the config file. */
export interface TaskSettings {
  model: string;
}

/** What a config file says, as far as it has to do with tasks. */
interface TaskConfig {
  tasks: Readonly<Record<string, TaskSettings>>;
  lanes: Lanes;
}

/**
 * Checks a config file at start. Returns what is to be warned of: tasks whose own model no lane serves, since their jobs
 * are refused; they may be examples that nobody wants here.
 * @throws RangeError as `allTasks` does, and where no lane serves a model that the file itself names
 */
export function checkTasks({ tasks: settings, lanes }: TaskConfig): string[] {
  const unserved = [...allTasks(settings).values()].filter(({ model }) => model !== null && !laneFor(lanes, model));
  const named = unserved.find(({ name }) => Object.hasOwn(settings, name));
  if (named)
    throw new RangeError(`tasks.${named.name}.model: expected a model that a lane serves; got "${named.model}"`);
  const names = unserved.map(({ name, model }) => `${name} (${model})`).join(', ');
  return unserved.length > 0 ? [`no lane serves the models of these tasks, their jobs are refused: ${names}`] : [];
}

/**
 * All tasks by name, with the models that the config file names for them.
 * @throws RangeError where it names a task that isn't there, or whose model the input names
 */
export function allTasks(settings: Readonly<Record<string, TaskSettings>>): ReadonlyMap<string, Task> {
  const tasks = new Map([...builtInTasks.values(), ...ownTasks].map((task) => [task.name, task]));
  for (const [name, { model }] of Object.entries(settings)) {
    const task = tasks.get(name);
    if (!task?.model) {
      const names = ownTasks.map((own) => own.name).join(', ');
      throw new RangeError(`tasks.${name}: ${task ? 'its input names the model' : `no such task; one of ${names}`}`);
    }
    tasks.set(name, { ...task, model });
  }
  return tasks;
}
