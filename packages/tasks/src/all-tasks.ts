/** Every task that clients can ask for. One of your own is added to `ownTasks`: see `docs/guides/add-a-task.md`. */
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
