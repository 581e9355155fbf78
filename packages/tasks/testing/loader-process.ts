/** Loads task files when its parent asks for it. See `loader.ts`. For tests. */
import type { Lanes } from '@holdfast/core';
import { loadTasks, type TaskConfig } from '../src/load/load-tasks.ts';

export interface Asked {
  entries?: string[] | undefined;
  /** Of the config file. */
  tasks?: TaskConfig['tasks'];
  configFile: string | null;
}

export interface Loaded {
  error?: { name: string; message: string };
  tasks: { name: string; model: string | null; place: string | null }[];
  files: readonly string[];
  digest: string;
}

const lanes: Lanes = {
  only: { models: ['*'], providers: [], limits: {}, background: false, idempotency_header: false, max_calls: 6 },
};

function load({ entries, tasks: settings = {}, configFile }: Asked): Loaded {
  try {
    const { tasks, files, digest } = loadTasks({ task_files: entries, tasks: settings, lanes }, configFile);
    const told = [...tasks.values()].map(({ name, model, place }) => ({ name, model, place }));
    return { tasks: told, files, digest };
  } catch (error) {
    const { name, message } = error as Error;
    return { error: { name, message }, tasks: [], files: [], digest: '' };
  }
}

process.on('message', (asked: Asked) => process.send?.(load(asked)));
