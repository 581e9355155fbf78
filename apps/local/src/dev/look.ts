/** What `holdfast dev` has to know of the config file and the task files, and whether they fit. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SettingsError } from '@holdfast/service';
import { directoriesOf, loadTasks, TaskFilesError } from '@holdfast/tasks/load';
import { type Config, readConfig } from '../config.ts';

export interface Look {
  /** Why it doesn't fit, with files and lines; null: it does. */
  fault: string | null;
  /** Another one where what would run is another; null: it doesn't fit. */
  digest: string | null;
  /** Names of the tasks. */
  tasks: readonly string[];
  /** Names of the variables that processes are given, as `Config.env`. */
  env: readonly string[];
  /** What it is made of: a change in one of these may change it. Absolute; the config file is among them. */
  files: readonly string[];
  /** Where more of its files may come. Absolute. */
  directories: readonly string[];
}

/** Looks once: what a process has loaded, it can't load anew. So each look is a process of its own, `look-main.ts`. */
export function lookAtTasks(env: NodeJS.ProcessEnv): Look {
  let configFile: string | null = null;
  let entries: readonly string[] = [];
  const seen = (files: readonly string[]): Pick<Look, 'files' | 'directories'> => {
    const home = configFile === null ? process.cwd() : dirname(configFile);
    const directories = entries.flatMap((entry) => directoriesOf(entry, home)).filter((path) => existsSync(path));
    const config = configFile ?? (env.HOLDFAST_CONFIG ? resolve(env.HOLDFAST_CONFIG) : null);
    return { files: [...(config === null ? [] : [config]), ...files], directories: [home, ...directories] };
  };
  const load: typeof loadTasks = (config, file) => {
    configFile = file;
    entries = config.task_files ?? [];
    return loadTasks(config, file);
  };
  try {
    const config = readConfig(env, load);
    return { fault: null, digest: config.configDigest, ...toldOf(config), ...seen(config.taskFiles) };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const files = error.cause instanceof TaskFilesError ? error.cause.files : [];
    return { fault: error.message, digest: null, tasks: [], env: [], ...seen(files) };
  }
}

function toldOf({ tasks, env }: Config): Pick<Look, 'tasks' | 'env'> {
  return { tasks, env: Object.keys(env) };
}
