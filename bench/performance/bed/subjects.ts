/** Processes that several rows start: subjects, the provider, and the load. */
import { freePort } from '../../../tests/stack/stack.ts';
import type { Bed } from './bed.ts';
import { HoldfastBed } from './holdfast.ts';
import type { HttpSubject } from './http-turn.ts';
import type { BenchProcess } from './processes.ts';

export const EXPRESS_BULLMQ = 'Express + pino-http + zod + BullMQ add';

export function startLoad(bed: Bed): Promise<BenchProcess> {
  return bed.start({ program: 'bench/load/requests.ts' });
}

/** Reads event streams. */
export function startReaders(bed: Bed): Promise<BenchProcess> {
  return bed.start({ program: 'bench/load/readers.ts' });
}

export interface Provider {
  process: BenchProcess;
  /** The base URL, with the version. */
  url: string;
  /** How many answers it has completed. */
  completed(): Promise<number>;
}

export async function startProvider(bed: Bed): Promise<Provider> {
  const port = await freePort();
  const process = await bed.start({ program: 'bench/provider.ts', env: { PORT: String(port) } });
  const completed = async () => (await process.ask<{ completed: number }>('count')).completed;
  return { process, url: `http://127.0.0.1:${port}/v1`, completed };
}

/** An API in front of BullMQ, as people write it. */
export async function startExpress(bed: Bed): Promise<HttpSubject> {
  const [redis, port] = [await bed.redis(), await freePort()];
  const env = { REDIS_URL: redis.url, PORT: String(port) };
  return { process: await bed.start({ program: 'bench/peers/express-bullmq.ts', env }), port, redis };
}

/** Express with event streams from its own memory. */
export async function startExpressSse(bed: Bed): Promise<{ process: BenchProcess; port: number }> {
  const port = await freePort();
  return { process: await bed.start({ program: 'bench/peers/express-sse.ts', env: { PORT: String(port) } }), port };
}

/** Holdfast's API without a worker. */
export async function startSubmitApi(bed: Bed): Promise<HttpSubject> {
  const redis = await bed.redis();
  return { ...(await HoldfastBed.start(bed, { redis })).api, redis };
}
