import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openArchive } from '../../../packages/archive/testing/postgres.ts';
import { isAlive, makeDirectory, removeDirectories, until, writeScript } from '../testing/processes.ts';

const source = (name: string) => JSON.stringify(join(import.meta.dirname, name));

/** Stands for a service: records its start and end in a file, writes its environment, and ends on SIGTERM. */
const service = (name: string, port: string | null, more = '') => `
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
const record = (what: string) => appendFileSync(process.env.EVENTS_FILE ?? '', '${name} ' + what + ' ' + process.pid + '\\n');
record('started');
process.on('SIGTERM', () => { record('stopped'); process.exit(0); });
${more}
${
  port === null
    ? `console.log(JSON.stringify({ level: 30, msg: 'worker ready' })); setInterval(() => {}, 1000);`
    : `createServer((request, response) => response.end(JSON.stringify(process.env))).listen(Number(process.env.${port}), '127.0.0.1');`
}`;

const programs: Record<string, string> = {
  'packages/simulator/src/main.ts': service('simulator', 'SIMULATOR_PORT'),
  'apps/api/src/main.ts': service('api', 'PORT'),
  'apps/console/src/main.ts': service('console', 'CONSOLE_PORT'),
  'apps/worker/src/main.ts': service('worker', null),
};

interface Stack {
  supervisor: ChildProcess;
  directory: string;
  text(): string;
  /** What all services recorded, in order, as `name what`. */
  events(): string[];
  pidsOf(name: string): number[];
  url(label: string): string;
}

const running: ChildProcess[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) {
    // SIGTERM: everything ends before it. After SIGKILL its Redis would still write while the files are removed.
    child.kill('SIGTERM');
    await until('it has ended', () => child.exitCode !== null || child.signalCode !== null);
  }
  removeDirectories();
});

/** Runs the real supervisor with stand-ins for the services, in its own process. */
function launch(
  env: NodeJS.ProcessEnv = {},
  replaced: Record<string, string> = {},
  directory = makeDirectory(),
): Stack {
  for (const [file, text] of Object.entries({ ...programs, ...replaced })) writeScript(join(directory, file), text);
  writeScript(join(directory, 'package.json'), '{"type":"module"}');
  const eventsFile = join(directory, 'events');
  writeScript(eventsFile, '');
  const main = writeScript(
    join(directory, 'main.mjs'),
    `import { readConfig } from ${source('config.ts')};
     import { Progress } from ${source('../progress.mjs')};
     import { LocalStack } from ${source('local-stack.ts')};
     import { stopOnSignals } from ${source('process/stop-on-signals.ts')};
     const progress = new Progress({ total: 4, first: 3 });
     const config = readConfig(process.env);
     const stack = new LocalStack(config, ${JSON.stringify(directory)}, progress);
     const stopping = stopOnSignals({ stack, say: (line) => progress.say(line), watchParent: config.startedByNpm });
     await stack.start().catch(async (error) => {
       if (stopping.aborted) return;
       console.log('failed: ' + error.message); await stack.stop(); process.exit(1);
     });`,
  );
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(REDIS_|OPENAI_|HOLDFAST_|npm_|NODE_OPTIONS)/.test(name),
  );
  const supervisor = spawn(
    process.execPath,
    ['--conditions=holdfast-source', '--disable-warning=ExperimentalWarning', main],
    {
      env: {
        ...Object.fromEntries(clean),
        PORT: '0',
        CONSOLE_PORT: '0',
        SIMULATOR_PORT: '0',
        HOLDFAST_DATA_DIR: join(directory, 'data'),
        EVENTS_FILE: eventsFile,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  running.push(supervisor);
  let text = '';
  for (const stream of [supervisor.stdout, supervisor.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk;
    });
  }
  const records = () =>
    readFileSync(eventsFile, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' '));
  return {
    supervisor,
    directory,
    text: () => text,
    events: () => records().map(([name, what]) => `${name} ${what}`),
    pidsOf: (name) =>
      records()
        .filter(([who, what]) => who === name && what === 'started')
        .map(([, , pid]) => Number(pid)),
    url: (label) => new RegExp(`${label} .*?(http://127\\.0\\.0\\.1:\\d+)`).exec(text)?.[1] ?? '',
  };
}

const isUp = (stack: Stack) =>
  until('the banner', () => {
    if (stack.supervisor.exitCode !== null) throw new Error(`it ended: ${stack.text()}`);
    return stack.text().includes('Attach to it');
  });

const hasEnded = ({ supervisor }: Stack) =>
  until('it has ended', () => supervisor.exitCode !== null || supervisor.signalCode !== null);

/** The environment of a service. */
async function environmentOf(url: string): Promise<Record<string, string>> {
  return (await fetch(url, { signal: AbortSignal.timeout(60_000) })).json() as Promise<Record<string, string>>;
}

const redisPid = (stack: Stack): number =>
  JSON.parse(readFileSync(join(stack.directory, 'data/redis.pid'), 'utf8')).pid;

describe('npm start', () => {
  it('starts a PostgreSQL for the archive where it is asked to, hands its address on, and ends it last', async () => {
    const directory = makeDirectory();
    // Where root runs the test, PostgreSQL runs as another user.
    chmodSync(directory, 0o755);
    const stack = launch({ ARCHIVE: 'local' }, {}, directory);
    await isUp(stack);
    const { ARCHIVE_URL: url = '' } = await environmentOf(stack.url('API'));
    const archive = openArchive({ url }, 'hf');
    await archive.prepare();
    await archive.close();
    const { pid } = JSON.parse(readFileSync(join(directory, 'data/postgres.pid'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await until('it is up again', () => stack.text().includes('postgres is up again'));
    stack.supervisor.kill('SIGTERM');
    await hasEnded(stack);
    expect(stack.supervisor.exitCode).toBe(0);
    expect(JSON.parse(readFileSync(join(directory, 'data/postgres.pid'), 'utf8')).pid).not.toBe(pid);
    await until(
      'PostgreSQL has ended',
      () => !isAlive(JSON.parse(readFileSync(join(directory, 'data/postgres.pid'), 'utf8')).pid),
    );
  });

  it('starts everything, passes the settings on, and stops it in order with exit code 0', async () => {
    const stack = launch({ WORKERS: '2', DURABILITY: 'memory' });
    await isUp(stack);
    const env = await environmentOf(stack.url('API'));
    expect(env).toMatchObject({ DURABILITY: 'memory', WORKER_CONCURRENCY: '50', HOST: '127.0.0.1' });
    expect(env.REDIS_URL).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
    expect(env.OPENAI_BASE_URL).toBe(`${stack.url('Provider')}/v1`);
    // With background responses a killed worker costs no second call.
    expect(env.OPENAI_BACKGROUND).toBe('true');
    expect(stack.text()).toContain(`/demo#key=${env.HOLDFAST_BOOTSTRAP_KEY}`);
    expect(stack.text()).not.toContain(env.HOLDFAST_ADMIN_KEY);
    expect(stack.events().slice(0, 1)).toEqual(['simulator started']);
    expect(stack.text()).toMatch(
      /^3\/4 Starting Redis and the simulator …\n +done in .* s\n4\/4 Starting the API, .* …\n +done in .* s\n\nHoldfast is running/,
    );

    const redis = redisPid(stack);
    stack.supervisor.kill('SIGTERM');
    await hasEnded(stack);
    expect(stack.supervisor.exitCode).toBe(0);
    const stops = stack.events().filter((event) => event.endsWith('stopped'));
    expect(stops.slice(0, 2)).toEqual(['worker stopped', 'worker stopped']);
    expect(stops.slice(2).sort()).toEqual(['api stopped', 'console stopped', 'simulator stopped']);
    expect(isAlive(redis)).toBe(false);
  });

  it('starts with a LOG_LEVEL under which a worker does not log that it is ready', async () => {
    const quiet = service('worker', null).replace(
      'console.log(',
      "if (!['warn', 'silent'].includes(process.env.LOG_LEVEL ?? '')) console.log(",
    );
    const stack = launch({ LOG_LEVEL: 'silent' }, { 'apps/worker/src/main.ts': quiet });
    await isUp(stack);
    expect(stack.text()).toContain('Holdfast is running.');
  });

  it('restarts every process that is killed, Redis on its port with its data', async () => {
    const stack = launch();
    await isUp(stack);
    const { REDIS_URL } = await environmentOf(stack.url('API'));
    const before = redisPid(stack);
    process.kill(before, 'SIGKILL');
    for (const name of ['api', 'worker']) process.kill(stack.pidsOf(name)[0] ?? 0, 'SIGKILL');
    for (const name of ['redis', 'api', 'worker']) {
      await until(`${name} is up again`, () => stack.text().includes(`${name} is up again.`));
      expect(stack.text()).toContain(`${name} ended (SIGKILL); starting it again in 200 ms.`);
    }
    expect(redisPid(stack)).not.toBe(before);
    expect((await environmentOf(stack.url('API'))).REDIS_URL).toBe(REDIS_URL);
  });

  it('leaves no process behind when it is killed itself, and can be started again at once', async () => {
    const stack = launch();
    await isUp(stack);
    const pids = [redisPid(stack), ...['simulator', 'api', 'console', 'worker'].flatMap((name) => stack.pidsOf(name))];
    expect(pids.filter(isAlive)).toHaveLength(5);
    stack.supervisor.kill('SIGKILL');
    await until('all have ended', () => !pids.some(isAlive));
    const { HOLDFAST_BOOTSTRAP_KEY: key } = await (async () => {
      const again = launch({}, {}, stack.directory);
      await isUp(again);
      return environmentOf(again.url('API'));
    })();
    expect(stack.text()).toContain(key);
  });

  it('ends at once on a second signal, also processes that ignore SIGTERM', async () => {
    const more = `process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => record('asked'));`;
    const stack = launch({}, { 'apps/worker/src/main.ts': service('worker', null, more) });
    await isUp(stack);
    stack.supervisor.kill('SIGINT');
    await until('the worker was asked', () => stack.events().includes('worker asked'));
    // A signal that comes together with the first counts as the same keystroke: see `stop-on-signals.test.ts`.
    await until('it ends at once', () => {
      stack.supervisor.kill('SIGINT');
      return stack.text().includes('Ending everything at once.');
    });
    await hasEnded(stack);
    expect(stack.pidsOf('worker').filter(isAlive)).toEqual([]);
  });

  it('refuses a data directory in use and a set port that is taken, and leaves nothing running', async () => {
    const stack = launch();
    await isUp(stack);
    const second = launch({ HOLDFAST_DATA_DIR: join(stack.directory, 'data') });
    await hasEnded(second);
    expect(second.text()).toContain('in use by another Holdfast');
    expect(second.supervisor.exitCode).toBe(1);

    const server = createServer().listen(0, '127.0.0.1');
    await until('it listens', () => server.address());
    const { port } = server.address() as AddressInfo;
    const third = launch({ PORT: String(port) });
    await hasEnded(third);
    server.close();
    expect(third.text()).toContain(`PORT=${port}: another program listens there`);
    expect(third.events()).toEqual([]);
  });

  it('shows why a service does not start, and stops the others', async () => {
    const stack = launch({}, { 'apps/api/src/main.ts': `throw new Error('no such lane')` });
    await hasEnded(stack);
    expect(stack.text()).toMatch(/api +│ Error: no such lane/);
    expect(stack.text()).toContain('failed: api does not start (exit code 1).');
    expect(stack.supervisor.exitCode).toBe(1);
    expect(stack.pidsOf('simulator').filter(isAlive)).toEqual([]);
  });

  it('says that no Redis answers at REDIS_URL', async () => {
    const stack = launch({ REDIS_URL: 'redis://user:secret@127.0.0.1:1' });
    await hasEnded(stack);
    expect(stack.text()).toMatch(/^3\/4 Looking for Redis at REDIS_URL, .* …\n +failed after .* s\n/);
    expect(stack.text()).toContain('no Redis answers at 127.0.0.1:1');
    expect(stack.text()).not.toContain('secret');
  });
});
