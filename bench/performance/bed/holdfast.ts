/**
 * Holdfast as it is measured: processes from the sources, reached by HTTP alone. Nothing here knows how Holdfast stores its data.
 * So the measurement stays the same when the storage changes.
 */
import { writeFileSync } from 'node:fs';
import { adminKey, apiKey, freePort } from '../../../tests/stack/stack.ts';
import type { LoadAnswer, LoadCommand } from '../../load/requests.ts';
import type { Bed } from './bed.ts';
import type { BenchProcess } from './processes.ts';
import type { BenchRedis } from './redis.ts';

export interface HoldfastOptions {
  redis: BenchRedis;
  /** The base URL, with the version. Default: an address where nothing listens, which is enough without a worker. */
  providerUrl?: string;
  /** Content of the config file. Default: no file. */
  config?: unknown;
  env?: NodeJS.ProcessEnv;
}

/** An API process. */
export interface Api {
  process: BenchProcess;
  port: number;
}

export const authorized: Readonly<Record<string, string>> = { authorization: `Bearer ${apiKey}` };

export class HoldfastBed {
  readonly redis: BenchRedis;
  readonly api: Api;
  readonly #bed: Bed;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(bed: Bed, redis: BenchRedis, env: NodeJS.ProcessEnv, api: Api) {
    this.#bed = bed;
    this.#env = env;
    this.redis = redis;
    this.api = api;
  }

  /** Starts the API. */
  static async start(bed: Bed, options: HoldfastOptions): Promise<HoldfastBed> {
    const { redis, providerUrl = 'http://127.0.0.1:9/v1', config, env: own = {} } = options;
    const env: NodeJS.ProcessEnv = {
      REDIS_URL: redis.url,
      OPENAI_BASE_URL: providerUrl,
      HOLDFAST_BOOTSTRAP_KEY: apiKey,
      HOLDFAST_ADMIN_KEY: adminKey,
      DRAIN_SECONDS: '0',
      ...own,
    };
    if (config !== undefined) {
      env.HOLDFAST_CONFIG = bed.file('config.json');
      writeFileSync(env.HOLDFAST_CONFIG, JSON.stringify(config));
    }
    return new HoldfastBed(bed, redis, env, await startApi(bed, env));
  }

  /** Starts one more API process. */
  startApi(): Promise<Api> {
    return startApi(this.#bed, this.#env);
  }

  startWorker({ preload, env = {} }: { preload?: string; env?: NodeJS.ProcessEnv } = {}): Promise<BenchProcess> {
    const program = 'apps/worker/src/main.ts';
    return this.#bed.start({ program, env: { ...this.#env, ...env }, preload, ready: 'worker ready' });
  }

  async stop(worker: BenchProcess): Promise<void> {
    await this.#bed.end(worker);
  }

  /** Starts a console. The returned function makes an admin call, and returns the JSON of the answer. */
  async startConsole(): Promise<(method: string, path: string, body?: unknown) => Promise<unknown>> {
    const port = await freePort();
    const env = { ...this.#env, CONSOLE_PORT: String(port) };
    await this.#bed.start({ program: 'apps/console/src/main.ts', env, ready: 'console ready' });
    return async (method, path, body) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    };
  }

  /** Submits `count` jobs. @returns their ids, in no order. @param requests from `submitRequest` */
  async submit(
    load: BenchProcess,
    requests: readonly string[],
    count: number,
    apiKeys: readonly string[] = [],
  ): Promise<string[]> {
    const until = { count };
    const command: LoadCommand = { port: this.api.port, connections: 32, requests, apiKeys, until, wantsIds: true };
    return (await load.ask<LoadAnswer>(command)).ids;
  }

  /** Waits until none of the tenant's jobs is queued or running. */
  async untilIdle(ms = 120_000): Promise<void> {
    const deadline = performance.now() + ms;
    for (const status of ['queued', 'running', 'queued', 'running']) {
      while (await this.#hasAny(status)) {
        if (performance.now() > deadline) throw new Error(`Some jobs are still ${status} after ${ms} ms.`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async #hasAny(status: string): Promise<boolean> {
    const url = `http://127.0.0.1:${this.api.port}/v1/jobs?limit=1&status=${status}`;
    const response = await fetch(url, { headers: authorized });
    if (!response.ok) throw new Error(await response.text());
    return ((await response.json()) as { data: unknown[] }).data.length > 0;
  }
}

async function startApi(bed: Bed, env: NodeJS.ProcessEnv): Promise<Api> {
  const port = await freePort();
  const own = { ...env, PORT: String(port) };
  return { process: await bed.start({ program: 'apps/api/src/main.ts', env: own, ready: 'api listening' }), port };
}
