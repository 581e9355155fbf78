/**
 * What runs beside Redis, and how each of it says that it is ready:
 *
 *   simulator       GET /healthz      only where no provider is set
 *   api, console    GET /readyz
 *   worker          a log line with `"msg":"worker ready"`
 *
 * What is asked of a service: it ends on SIGTERM within 10 s, and it listens on HOST and its own port, or ends.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClaimedPort } from './process/ports.ts';
import { type RunningProcess, runProcess } from './process/run-process.ts';
import { parseLogLine } from './process/show-lines.ts';
import type { Service } from './process/supervise.ts';

const READY_TIMEOUT_MS = 60_000;

export interface ServiceOptions {
  name: string;
  /** Holds `dist/main.js` and `src/main.ts`. */
  directory: string;
  /** Asked at each start: ports may change until a service is up. */
  env: () => NodeJS.ProcessEnv;
  onLine: (line: string) => void;
}

/** This program runs from TypeScript sources: then so do the others. */
const fromSource = import.meta.filename.endsWith('.ts');

/** What Node is given to run a program of a workspace. @param name of the file in `src`, without its ending */
export function programArgs(directory: string, name: string): string[] {
  return fromSource
    ? ['--conditions=holdfast-source', '--disable-warning=ExperimentalWarning', join(directory, 'src', `${name}.ts`)]
    : [join(directory, 'dist', `${name}.js`)];
}

function run({ directory, env, onLine }: Omit<ServiceOptions, 'name'>): Promise<RunningProcess> {
  return runProcess({ command: process.execPath, args: programArgs(directory, 'main'), env: env(), onLine });
}

async function awaitAnswer(url: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline && !signal.aborted) {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]) }).catch(
      () => null,
    );
    await response?.body?.cancel();
    if (response?.ok) return;
    await delay(50);
  }
  throw new Error(`no answer from ${url} within ${READY_TIMEOUT_MS / 1000} s`);
}

/** A service that is ready once `path` answers 2xx on its port. */
export function httpService(options: ServiceOptions & { port: ClaimedPort; path: string }): Service {
  const { name, port, path } = options;
  let wasUp = false;
  return {
    name,
    async start() {
      // Once it was up its address is known to users and to other services, and stays.
      if (!wasUp) await port.keepFree();
      return run(options);
    },
    async ready(_running, signal) {
      await awaitAnswer(`http://127.0.0.1:${port.number}${path}`, signal);
      wasUp = true;
    },
  };
}

/** A service without a port, ready once it logs `message`. */
export function loggingService(options: ServiceOptions & { message: string }): Service {
  const { name, onLine, message } = options;
  let ready = Promise.withResolvers<void>();
  return {
    name,
    start() {
      ready = Promise.withResolvers<void>();
      const watch = (line: string) => {
        if (parseLogLine(line)?.msg === message) ready.resolve();
        onLine(line);
      };
      return run({ ...options, onLine: watch });
    },
    async ready(_running, signal) {
      const late = delay(READY_TIMEOUT_MS, 'late' as const, { signal }).catch(() => 'late' as const);
      const first = await Promise.race([ready.promise, late]);
      if (first === 'late') throw new Error(`not ready within ${READY_TIMEOUT_MS / 1000} s`);
    },
  };
}
