/**
 * What a chaos run plays in: a Redis of its own that can be killed, the simulator, an API, workers, and a look at the
 * journals past the API. Real processes from the sources. Four lanes, told apart by the model's name.
 */
import { JournalProbe } from '../../stack/journal-probe.ts';
import { type RestartableRedis, startRestartableRedis } from '../../stack/restartable-redis.ts';
import { Stack, type StackOptions } from '../../stack/stack.ts';
import { RedisProxy } from '../redis/redis-proxy.ts';

export const lanes = ['background', 'background-keyed', 'idempotent', 'plain'] as const;
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
  /** The idempotent lane is told that its provider honors no key: calls must then be made twice. Default false. */
  unkeyed?: boolean;
  launch?: StackOptions['launch'];
  /** Default: one that is alone, and set to lose nothing. */
  openRedis?: () => Promise<RestartableRedis>;
  /** Every process of Holdfast reaches Redis by a line of its own that can be disturbed. Default false. */
  ownLines?: boolean;
  env?: NodeJS.ProcessEnv;
}

function configOf(providerUrl: string, unkeyed: boolean) {
  const lane = (name: Lane) => ({ models: [`sim-${name}`], providers: [{ name: 'simulator', base_url: providerUrl }] });
  return {
    lanes: {
      background: { ...lane('background'), background: true },
      'background-keyed': { ...lane('background-keyed'), background: true, idempotency_header: true },
      idempotent: { ...lane('idempotent'), idempotency_header: !unkeyed },
      plain: lane('plain'),
    },
  };
}

/** With lines of their own workers are started one by one, as each has another address for Redis. */
async function startStack(options: SceneOptions, redisUrl: string, lines: RedisProxy[]): Promise<Stack> {
  const { workers, unkeyed = false, env = {}, launch = {}, ownLines } = options;
  const config = (providerUrl: string) => configOf(providerUrl, unkeyed);
  if (!ownLines) return Stack.start({ redisUrl, workers, config, env, launch });
  for (let at = 0; at <= workers; at++) lines.push(await RedisProxy.open(redisUrl));
  const [first, ...others] = lines.map(({ url }) => url);
  const stack = await Stack.start({ redisUrl: String(first), workers: 0, config, env, launch });
  await Promise.all(others.map((url) => stack.start('worker', { REDIS_URL: url })));
  return stack;
}

export async function openScene(options: SceneOptions): Promise<Scene> {
  const { openRedis = () => startRestartableRedis() } = options;
  const redis = await openRedis();
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
