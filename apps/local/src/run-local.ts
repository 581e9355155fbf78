/**
 * Runs everything on this machine until Ctrl-C, SIGTERM or SIGHUP: `npm start` in a clone, `holdfast start` in a user's
 * directory, `holdfast dev` there too: that one reloads what is saved. Config file and data directory are looked for where this process works.
 *
 * The first signal stops all in order, and the exit code is 0; a second one ends all at once. With a command, that runs
 * beside it: it is started last, stopped first, and when it ends all ends, with its exit code.
 */
import { join, resolve } from 'node:path';
import { Progress } from '../progress.mjs';
import { type Config, readConfig } from './config.ts';
import { askLook } from './dev/ask-look.ts';
import { type Look, lookAtTasks } from './dev/look.ts';
import { TaskReloader } from './dev/reload-tasks.ts';
import { findOnPath } from './find-on-path.ts';
import { LocalStack, type StackAddress } from './local-stack.ts';
import { describeExit, type RunningProcess, runProcess } from './process/run-process.ts';
import { stopOnSignals } from './process/stop-on-signals.ts';

/** Holds `apps/` and `packages/`, in a clone as in the package. */
const root = resolve(import.meta.dirname, '../../..');

/** A developer waits for this. */
const COMMAND_GRACE_MS = 5_000;

export interface LocalOptions {
  env: NodeJS.ProcessEnv;
  /** Told of the two steps of a start, and of each line that is to be shown. Default: they are all steps that there are. */
  progress?: Progress;
  /** Program and arguments of what runs beside it; none: nothing does. */
  command?: readonly string[];
  /** Reloads config file and task files when they change. Default false. */
  watch?: boolean;
}

/**
 * Resolves once everything runs; the process then ends by itself, on a signal or with the command.
 * @throws SettingsError, or Error that says what is in the way: all that was started has been stopped then
 */
export async function runLocal({
  env,
  progress = new Progress({ total: 2 }),
  command = [],
  watch = false,
}: LocalOptions): Promise<void> {
  // A reader that went away, as in `npm start | head`, is no reason to drop what runs.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const config = readConfig(env);
  checkProgram(command[0], config.env);
  const write = (line: string) => progress.say(line);
  const stack = new LocalStack(config, root, progress);
  const reloader = watch ? newReloader(stack, env, write) : null;
  // What is about to be started. A file that is saved meanwhile is another.
  const first = watch ? lookAtTasks(env) : null;
  let beside: RunningProcess | null = null;
  const all = {
    async stop(graceMs?: number) {
      reloader?.close();
      await beside?.stop(graceMs ?? COMMAND_GRACE_MS);
      await stack.stop(graceMs);
    },
  };
  const stopping = stopOnSignals({ stack: all, say: write, watchParent: config.startedByNpm });
  try {
    const address = await stack.start();
    if (first !== null && !stopping.aborted) {
      write(watchNote(first));
      reloader?.begin(first);
    }
    if (command.length === 0 || stopping.aborted) return;
    beside = await runCommandBeside(command, config, address);
  } catch (error) {
    if (stopping.aborted) return;
    await all.stop();
    throw error;
  }
  const exit = await beside.exited;
  if (stopping.aborted) return;
  write(`${command[0]} has ended (${describeExit(exit)}): stopping …`);
  await all.stop();
  process.exit(exit.code ?? 1);
}

function newReloader(stack: LocalStack, env: NodeJS.ProcessEnv, write: (line: string) => void): TaskReloader {
  return new TaskReloader({
    look: () => askLook(join(root, 'apps/local'), env),
    reload: ({ env: names }) => stack.reload(Object.fromEntries(names.map((name) => [name, env[name]]))),
    write,
  });
}

function watchNote({ files, tasks }: Look): string {
  const what = files.length === 0 ? 'for a config file (holdfast.config.json)' : `${files.length} files`;
  return `Watching ${what}. Tasks: ${tasks.join(', ')}.\n`;
}

/** Ports that were set are Holdfast's: a command that listens on `PORT` would take the API's. */
const PORTS = ['PORT', 'CONSOLE_PORT', 'SIMULATOR_PORT'];

function runCommandBeside(
  [program = '', ...args]: readonly string[],
  { env }: Config,
  { apiUrl, apiKey }: StackAddress,
): Promise<RunningProcess> {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !PORTS.includes(name)));
  const commandEnv = { ...kept, HOLDFAST_URL: apiUrl, HOLDFAST_API_KEY: apiKey };
  return runProcess({ command: program, args, env: commandEnv, onLine: null });
}

/** Before anything is started. @throws Error */
function checkProgram(program: string | undefined, { PATH = '' }: NodeJS.ProcessEnv): void {
  if (program === undefined || program.includes('/') || findOnPath(program, PATH) !== null) return;
  throw new Error(`"${program}" can't be run: there is no such program on the PATH.`);
}
