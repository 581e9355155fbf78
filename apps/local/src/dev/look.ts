/** Loads the config file and the task files for `holdfast dev`, and checks whether they are valid. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SettingsError } from '@holdfast/service';
import { directoriesOf, loadTasks, TaskFilesError } from '@holdfast/tasks/load';
import { type Config, readConfig } from '../config.ts';

export interface Look {
  /** Why they are not valid, with files and lines; null: they are. */
  fault: string | null;
  /** Differs when different code or settings would run; null: not valid. */
  digest: string | null;
  /** Names of the tasks. */
  tasks: readonly string[];
  /** Names of the variables in the processes' environment, as in `Config.env`. */
  env: readonly string[];
  /** The config file and all modules of the tasks. A change in one of them may change the tasks. Absolute paths. */
  files: readonly string[];
  /** Directories in which further files may appear. Absolute paths. */
  directories: readonly string[];
}

/** Loads everything once. A process can't load a module again, so each call needs its own process (`look-main.ts`). */
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
