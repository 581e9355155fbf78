/**
 * A whole Holdfast for one test file: real processes from the sources, on free ports, on a real Redis. Every process can
 * be killed, stopped and started again; `close` ends whatever is left and fails the test file if something won't end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from '@holdfast/client';
import { NODE_COMPILE_CACHE } from '../../packages/core/testing/compile-cache.ts';
import { sharedRedisUrl } from '../../packages/core/testing/shared-redis.ts';
import { until } from '../../packages/core/testing/until.ts';

export { until };

const root = join(import.meta.dirname, '../..');
/** What every process of a test has of this one's environment. */
export const processEnv: NodeJS.ProcessEnv = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  NODE_COMPILE_CACHE,
};

const entries = {
  simulator: 'packages/simulator/src/main.ts',
  api: 'apps/api/src/main.ts',
  worker: 'apps/worker/src/main.ts',
  console: 'apps/console/src/main.ts',
} as const;

export type ServiceName = keyof typeof entries;

/** How a kind of process is to differ from ours. */
export interface Launch {
  /** A file to run in the place of ours, which says that it is ready as ours does. */
  program?: string;
  /** URL of a module that is loaded before it. */
  preload?: string;
}

export const apiKey = 'hold_test0123456789abcdefghijklmnop';
export const adminKey = 'hold_admin_test0123456789abcdefghijklmnop';

/** Below the range that outgoing connections take theirs from: until it is listened on, none of them is given it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}

/** A process of ours. Its log is kept for when a test fails, and to be searched for what must not be in it. */
export class Service {
  readonly name: ServiceName;
  readonly child: ChildProcess;
  log = '';

  constructor(
    name: ServiceName,
    env: NodeJS.ProcessEnv,
    { program = join(root, entries[name]), preload }: Launch = {},
  ) {
    this.name = name;
    const preloads = preload === undefined ? [] : ['--import', preload];
    this.child = spawn(process.execPath, ['--conditions=holdfast-source', ...preloads, program], {
      env: { ...processEnv, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: root,
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.log += text;
      });
    }
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Sends a signal; resolves at once. */
  signal(signal: NodeJS.Signals): void {
    if (!this.ended) this.child.kill(signal);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.signal(signal);
    await until(`${this.name} ends on ${signal}`, () => this.ended);
  }

  /** Where it serves its metrics. */
  async metricsUrl(): Promise<string> {
    await this.saying('metrics listening');
    return /"url":"([^"]+\/metrics)"/.exec(this.log)?.[1] ?? '';
  }

  /** Its metrics, as Prometheus gets them. */
  async metrics(): Promise<string> {
    return (await fetch(await this.metricsUrl())).text();
  }

  async saying(text: string): Promise<void> {
    const isOver = () => this.log.includes(text) || this.ended;
    await until(`${this.name} says "${text}"`, isOver);
    if (!this.log.includes(text)) throw new Error(`${this.name} ended: ${this.log.slice(-2_000)}`);
  }
}

/** What the simulator has counted of a case. */
interface ProviderCalls {
  calls: number;
  completed: number;
  aborted: number;
  /** Readers that went away from an answer that was generated on. */
  left: number;
  tokens: number;
  /** Most answers under way at once. */
  peak: number;
}

export interface StackOptions {
  /** Default: the test run's Redis. */
  redisUrl?: string;
  workers?: number;
  /** API processes beside the first one, each with the settings in which it differs. Default: none. */
  moreApis?: readonly NodeJS.ProcessEnv[];
  env?: NodeJS.ProcessEnv;
  /** What the config file is to hold, given the simulator's base URL. Default: no file. */
  config?: (providerUrl: string) => unknown;
  /** Default: all processes are ours as they are. */
  launch?: Partial<Record<ServiceName, Launch>>;
}

export class Stack {
  readonly env: NodeJS.ProcessEnv;
  readonly services: Service[] = [];
  readonly apiUrl: string;
  /** Of all API processes. */
  readonly apiUrls: string[];
  readonly simulatorUrl: string;
  readonly client: Holdfast;
  readonly prefix: string;
  readonly #launch: Partial<Record<ServiceName, Launch>>;

  private constructor(env: NodeJS.ProcessEnv, prefix: string, launch: Partial<Record<ServiceName, Launch>>) {
    this.env = env;
    this.#launch = launch;
    this.prefix = prefix;
    this.apiUrl = `http://127.0.0.1:${env.PORT}`;
    this.apiUrls = [this.apiUrl];
    this.simulatorUrl = `http://127.0.0.1:${env.SIMULATOR_PORT}`;
    this.client = this.newClient();
  }

  /** Starts simulator, APIs and workers; resolves when all are ready. */
  static async start(options: StackOptions = {}): Promise<Stack> {
    const { redisUrl, workers = 1, moreApis = [], env = {}, config, launch = {} } = options;
    const url = redisUrl ?? sharedRedisUrl();
    const [port, simulatorPort] = [await freePort(), await freePort()];
    const prefix = `t${randomBytes(6).toString('hex')}`;
    const configFile = join(tmpdir(), `holdfast-${prefix}.json`);
    if (config) writeFileSync(configFile, JSON.stringify(config(`http://127.0.0.1:${simulatorPort}/v1`)));
    const shared = {
      REDIS_URL: url,
      PORT: String(port),
      SIMULATOR_PORT: String(simulatorPort),
      OPENAI_BASE_URL: `http://127.0.0.1:${simulatorPort}/v1`,
      HOLDFAST_PREFIX: prefix,
      HOLDFAST_BOOTSTRAP_KEY: apiKey,
      HOLDFAST_ADMIN_KEY: adminKey,
      DRAIN_SECONDS: '1',
      METRICS_PORT: '0',
      ...(config ? { HOLDFAST_CONFIG: configFile } : {}),
      ...env,
    };
    const stack = new Stack(shared, prefix, launch);
    try {
      await Promise.all([
        stack.start('simulator'),
        stack.start('api'),
        ...moreApis.map((own) => stack.startApi(own)),
        ...Array.from({ length: workers }, () => stack.start('worker')),
      ]);
    } catch (error) {
      await stack.close();
      throw error;
    }
    return stack;
  }

  newClient(baseUrl = this.apiUrl): Holdfast {
    return new Holdfast({ baseUrl, apiKey, retry: { baseDelayMs: 50, maxDelayMs: 500, maxRetries: 60 } });
  }

  /** Starts one process more and waits until it is ready. */
  async start(name: ServiceName, env: NodeJS.ProcessEnv = {}): Promise<Service> {
    const own = name === 'console' ? { CONSOLE_PORT: String(await freePort()) } : {};
    const service = new Service(name, { ...this.env, ...own, ...env }, this.#launch[name]);
    this.services.push(service);
    const ready = {
      simulator: 'simulator listening',
      api: 'api listening',
      worker: 'worker ready',
      console: 'console ready',
    };
    await service.saying(ready[name]);
    return service;
  }

  /** One API process more, on a port of its own. */
  async startApi(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const port = String(await freePort());
    await this.start('api', { ...env, PORT: port });
    this.apiUrls.push(`http://127.0.0.1:${port}`);
  }

  running(name: ServiceName): Service[] {
    return this.services.filter((service) => service.name === name && !service.ended);
  }

  /** The metrics of the first API process. */
  async metrics(): Promise<string> {
    return this.first('api').metrics();
  }

  /** @throws Error where none runs */
  first(name: ServiceName): Service {
    const [service] = this.running(name);
    if (!service) throw new Error(`no ${name} runs`);
    return service;
  }

  /** What the processes have logged so far. */
  get logs(): string {
    return this.services.map((service) => service.log).join('\n');
  }

  /** Calls of a case, null: of all, that the simulator has counted. */
  async providerCalls(name: string | null, simulatorUrl = this.simulatorUrl): Promise<ProviderCalls> {
    const query = name === null ? '' : `?case=${encodeURIComponent(name)}`;
    const response = await fetch(`${simulatorUrl}/sim/calls${query}`);
    return (await response.json()) as ProviderCalls;
  }

  /** Lets the answers of a case go on that `pause_after` holds, and those to come. */
  async goOn(name: string, simulatorUrl = this.simulatorUrl): Promise<void> {
    const response = await fetch(`${simulatorUrl}/sim/pauses?case=${encodeURIComponent(name)}`, { method: 'DELETE' });
    if (!response.ok) throw new Error(await response.text());
  }

  /** A request with the API key; `path` from `/v1` on. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${apiKey}`, ...init.headers };
    return fetch(`${this.apiUrl}${path}`, { ...init, headers });
  }

  async close(): Promise<void> {
    if (this.env.HOLDFAST_CONFIG) rmSync(this.env.HOLDFAST_CONFIG, { force: true });
    const others = this.services.filter(({ name }) => name !== 'simulator');
    const simulators = this.services.filter(({ name }) => name === 'simulator');
    for (const group of [others, simulators]) {
      const stuck: string[] = [];
      await Promise.all(
        group.map((service) =>
          service.end('SIGTERM').catch(async () => {
            stuck.push(service.name);
            await service.end('SIGKILL');
          }),
        ),
      );
      if (stuck.length > 0) throw new Error(`did not end on SIGTERM: ${stuck.join(', ')}\n${this.logs.slice(-4_000)}`);
    }
  }
}

/** All calls to a simulator are to be answered so; '': as they ask for. */
export async function instructSimulator(url: string, instructions: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/sim/instructions`, {
    method: 'PUT',
    headers,
    body: JSON.stringify({ instructions }),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** A chat job for the simulator. `sim` are its orders; `name` is the case it counts by. */
export function chat(name: string, sim: string, content = 'Say something.') {
  return {
    task: 'chat.completions',
    input: { model: 'sim', messages: [{ role: 'user', content }], metadata: { case: name, sim } },
  };
}

/** A config file with one lane for all models. */
export function oneLane(limits: object): NonNullable<StackOptions['config']> {
  return (providerUrl) => ({
    lanes: { default: { models: ['*'], providers: [{ name: 'main', base_url: providerUrl }], limits } },
  });
}
