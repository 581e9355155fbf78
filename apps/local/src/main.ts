/**
 * `npm start`: runs everything on this machine until Ctrl-C, SIGTERM or SIGHUP.
 *
 * The first signal stops all in order, and the exit code is 0; a second one ends all at once. Does not build or
 * install: `prepare.mjs` has done that.
 */
import { resolve } from 'node:path';
import { SettingsError } from '@holdfast/service';
import { Progress } from '../progress.mjs';
import { readConfig } from './config.ts';
import { LocalStack } from './local-stack.ts';
import { stopOnSignals } from './process/stop-on-signals.ts';

const root = resolve(import.meta.dirname, '../../..');

/** Steps 1 and 2 were `prepare.mjs`'s. */
const progress = new Progress({ total: 4, first: 3 });

function fail(error: unknown): void {
  process.stderr.write(`\nHoldfast: ${error instanceof Error ? error.message : String(error)}\n`);
}

function loadConfig() {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    fail(error);
    process.exit(1);
  }
}

// A reader that went away, as in `npm start | head`, is no reason to drop what runs.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const config = loadConfig();
const stack = new LocalStack(config, root, progress);
const stopping = stopOnSignals({ stack, say: (line) => progress.say(line), watchParent: config.startedByNpm });
try {
  await stack.start();
} catch (error) {
  if (!stopping.aborted) {
    fail(error);
    await stack.stop();
    process.exit(1);
  }
}
