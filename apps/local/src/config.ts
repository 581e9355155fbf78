/**
 * Settings of `npm start`: read once from the environment, checked, frozen and handed down.
 *
 *   PORT, CONSOLE_PORT, SIMULATOR_PORT   3000, 3001, 3002. One that is set must be free; a default that is taken is
 *                                        replaced by a free one. 0: any free one
 *   HOST                                 127.0.0.1: where everything listens
 *   REDIS_URL                            unset: finds and starts a Redis of its own, with its data in the data directory
 *   ARCHIVE                              local: finds and starts a PostgreSQL of its own for the archive, likewise
 *   ARCHIVE_URL                          the archive's PostgreSQL; unset, without ARCHIVE: no archive
 *   HOLDFAST_DATA_DIR                    .holdfast: survives restarts; one running copy per directory
 *   HOLDFAST_BOOTSTRAP_KEY               unset: made once and kept in the data directory
 *   HOLDFAST_ADMIN_KEY                   likewise, for the console
 *   OPENAI_API_KEY, OPENAI_BASE_URL      both unset: the simulator answers
 *   WORKERS, WORKER_CONCURRENCY          1, 50: worker processes, and jobs at once in each
 *   DURABILITY                           fsync | replica | memory
 *   METRICS_PORT                         unset: no metrics. Set: the API has this port, the console the next one, the workers those
 *                                        after it; all must be free. 0: any free ones, which their logs name
 *   METRICS_HOST, METRICS_TOKEN, METRICS_OPEN   127.0.0.1, none, false: who may read them
 *   HOLDFAST_CONFIG                      the config file: checked here, before anything is started, and read by the services
 *   LOG                                  warn: the services' warnings and errors, and what tasks say; all: every line of every process
 */
import { resolve } from 'node:path';
import {
  type MetricsSettings,
  metricsSettings,
  metricsVariables,
  namedVariables,
  readConfigFile,
  readSettings,
  SettingsError,
  setting,
  unknownSettings,
  warnOfUnknownSettings,
} from '@holdfast/service';
import { loadTasks } from '@holdfast/tasks/load';
import { z } from 'zod';

export interface Port {
  number: number;
  /** Set by the user: then no other may be taken in its place. */
  explicit: boolean;
}

const shape = {
  PORT: setting.port(3000),
  CONSOLE_PORT: setting.port(3001),
  SIMULATOR_PORT: setting.port(3002),
  HOST: z.string().default('127.0.0.1'),
  REDIS_URL: setting.redisUrl.optional(),
  ARCHIVE: z.enum(['local'], 'local, or unset').optional(),
  ARCHIVE_URL: setting.archiveUrl.optional(),
  HOLDFAST_DATA_DIR: z.string().default('.holdfast'),
  HOLDFAST_BOOTSTRAP_KEY: z
    .string()
    .regex(/^hold_\w{20,195}$/, 'hold_ and 20 to 195 letters, digits or "_"; unset: one is made')
    .optional(),
  HOLDFAST_ADMIN_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{24,200}$/, '24 to 200 visible ASCII characters, without spaces; unset: one is made')
    .optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: z.url({ protocol: /^https?$/, error: 'an http(s) address' }).optional(),
  WORKERS: setting.count(1, 64),
  WORKER_CONCURRENCY: setting.count(50, 10_000),
  DURABILITY: z.enum(['fsync', 'replica', 'memory'], 'fsync, replica or memory').default('fsync'),
  ...metricsVariables,
  HOLDFAST_CONFIG: z.string().optional(),
  LOG: z.enum(['warn', 'all'], 'warn or all').default('warn'),
};

export interface Config {
  api: Port;
  console: Port;
  simulator: Port;
  host: string;
  redisUrl: string | null;
  /** Starts a PostgreSQL of its own for the archive. */
  hasLocalArchive: boolean;
  /** Absolute. */
  dataDir: string;
  bootstrapKey: string | null;
  adminKey: string | null;
  useSimulator: boolean;
  workers: number;
  workerConcurrency: number;
  durability: 'fsync' | 'replica' | 'memory';
  /** Of the API; the other processes have the ports after it. null: no metrics are served. */
  metrics: MetricsSettings | null;
  showAllLogs: boolean;
  /** npm runs this: then it ends with npm, even when npm can't pass a signal on. */
  startedByNpm: boolean;
  /** Everything that was set, for the processes started from here, but what none of them reads. */
  env: NodeJS.ProcessEnv;
  /** What may be a mistake in the settings; said here, not by each process. */
  warnings: readonly string[];
  /** Another one where the config file, or a module of a task, is another. */
  configDigest: string;
  /** Of the user's own tasks and those that are built in. */
  tasks: readonly string[];
  /** The modules of the user's own that the tasks are made of, absolute. */
  taskFiles: readonly string[];
}

function portOf(env: NodeJS.ProcessEnv, name: string, number: number): Port {
  return { number, explicit: Boolean(env[name]) && number !== 0 };
}

/**
 * @param load of the tasks
 * @throws SettingsError naming every variable at fault, or what doesn't fit in the config file or the tasks that it names
 */
export function readConfig(env: NodeJS.ProcessEnv, load = loadTasks): Config {
  const set = readSettings(shape, env);
  if (set.DURABILITY === 'replica' && set.REDIS_URL === undefined) {
    throw new SettingsError('DURABILITY=replica needs REDIS_URL: the Redis that is started here has no replica.');
  }
  if (set.ARCHIVE !== undefined && set.ARCHIVE_URL !== undefined) {
    throw new SettingsError(
      'ARCHIVE=local starts a PostgreSQL, and ARCHIVE_URL names another one. Unset one of the two.',
    );
  }
  // Whatever it serves: found by the services instead, a fault would be told by each of them, at each of its starts.
  const file = readConfigFile(set.HOLDFAST_CONFIG, set.OPENAI_BASE_URL ?? 'http://127.0.0.1', {
    load,
  });
  const { loaded, configDigest } = file;
  const named = namedVariables(file);
  const unknown = unknownSettings(env, named);
  return Object.freeze({
    api: portOf(env, 'PORT', set.PORT),
    console: portOf(env, 'CONSOLE_PORT', set.CONSOLE_PORT),
    simulator: portOf(env, 'SIMULATOR_PORT', set.SIMULATOR_PORT),
    host: set.HOST,
    redisUrl: set.REDIS_URL ?? null,
    hasLocalArchive: set.ARCHIVE === 'local',
    dataDir: resolve(set.HOLDFAST_DATA_DIR),
    bootstrapKey: set.HOLDFAST_BOOTSTRAP_KEY ?? null,
    adminKey: set.HOLDFAST_ADMIN_KEY ?? null,
    useSimulator: set.OPENAI_API_KEY === undefined && set.OPENAI_BASE_URL === undefined,
    workers: set.WORKERS,
    workerConcurrency: set.WORKER_CONCURRENCY,
    durability: set.DURABILITY,
    metrics: metricsSettings(set),
    showAllLogs: set.LOG === 'all',
    startedByNpm: env.npm_lifecycle_event !== undefined,
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !unknown.includes(name))),
    warnings: warnOfUnknownSettings(env, named),
    configDigest,
    tasks: [...loaded.tasks.keys()],
    taskFiles: loaded.files,
  });
}
