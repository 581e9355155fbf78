/**
 * What a chaos run plays in: a Redis of its own that can be killed, the simulator, an API, workers, and a look at the
 * journals past the API. Real processes from the sources. Three lanes, told apart by the model's name.
 */
import { JournalProbe } from '../flow/journal-probe.ts';
import type { RestartableRedis } from '../flow/restartable-redis.ts';
import { Stack } from '../flow/stack.ts';
import { RedisProxy } from './redis-proxy.ts';

export const lanes = ['background', 'idempotent', 'plain'] as const;
export type Lane = (typeof lanes)[number];

export interface Scene {
  redis: RestartableRedis;
  stack: Stack;
  probe: JournalProbe;
  /** One per process, the API's first; none unless asked for. The probe has none. */
  lines: RedisProxy[];
  close(): Promise<void>;
}

export interface SceneOptions {
  workers: number;
  /** The idempotent lane is told that its provider honours no key: calls must then be made twice. */
  unkeyed: boolean;
  openRedis: () => Promise<RestartableRedis>;
  /** Every process of Holdfast reaches Redis by a line of its own that can be disturbed. */
  ownLines: boolean;
  env: NodeJS.ProcessEnv;
}

function configOf(providerUrl: string, unkeyed: boolean) {
  const lane = (name: Lane) => ({ models: [`sim-${name}`], providers: [{ name: 'simulator', base_url: providerUrl }] });
  return {
    lanes: {
      background: { ...lane('background'), background: true },
      idempotent: { ...lane('idempotent'), idempotency_header: !unkeyed },
      plain: lane('plain'),
    },
  };
}

/** With lines of their own workers are started one by one, as each has another address for Redis. */
async function startStack(options: SceneOptions, redisUrl: string, lines: RedisProxy[]): Promise<Stack> {
  const { workers, unkeyed, env, ownLines } = options;
  const config = (providerUrl: string) => configOf(providerUrl, unkeyed);
  if (!ownLines) return Stack.start({ redisUrl, workers, config, env });
  for (let at = 0; at <= workers; at++) lines.push(await RedisProxy.open(redisUrl));
  const [first, ...others] = lines.map(({ url }) => url);
  const stack = await Stack.start({ redisUrl: String(first), workers: 0, config, env });
  await Promise.all(others.map((url) => stack.start('worker', { REDIS_URL: url })));
  return stack;
}

export async function openScene(options: SceneOptions): Promise<Scene> {
  const redis = await options.openRedis();
  const lines: RedisProxy[] = [];
  const closeRedis = async () => {
    await Promise.all(lines.map((line) => line.close()));
    await redis.close();
  };
  try {
    const stack = await startStack(options, redis.url, lines);
    const probe = await JournalProbe.open(stack, redis.url);
    const close = async () => {
      await probe.close();
      await stack.close().finally(closeRedis);
    };
    return { redis, stack, probe, lines, close };
  } catch (error) {
    await closeRedis();
    throw error;
  }
}
