/**
 * What a chaos run needs: its own Redis that can be killed, the simulator, an API, workers, and direct access to the
 * journals. The processes are real and run from the sources. The model's name selects one of four lanes.
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
  /** With `proxied`, one for each process, the API's first; otherwise empty. The probe has none. */
  proxies: RedisProxy[];
  close(): Promise<void>;
}

export interface SceneOptions {
  workers: number;
  /** Tells the idempotent lane that its provider honors no key, so that calls are made twice. Default false. */
  unkeyed?: boolean;
  launch?: StackOptions['launch'];
  /** Default: a single Redis that is configured to lose nothing. */
  openRedis?: () => Promise<RestartableRedis>;
  /** Each process of Holdfast reaches Redis through its own proxy, which can disturb the connection. Default false. */
  proxied?: boolean;
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

/** With proxies, each worker is started by itself, because each has another address for Redis. */
async function startStack(options: SceneOptions, redisUrl: string, proxies: RedisProxy[]): Promise<Stack> {
  const { workers, unkeyed = false, env = {}, launch = {}, proxied } = options;
  const config = (providerUrl: string) => configOf(providerUrl, unkeyed);
  if (!proxied) return Stack.start({ redisUrl, workers, config, env, launch });
  for (let at = 0; at <= workers; at++) proxies.push(await RedisProxy.open(redisUrl));
  const [first, ...others] = proxies.map(({ url }) => url);
  const stack = await Stack.start({ redisUrl: String(first), workers: 0, config, env, launch });
  await Promise.all(others.map((url) => stack.start('worker', { REDIS_URL: url })));
  return stack;
}

export async function openScene(options: SceneOptions): Promise<Scene> {
  const { openRedis = () => startRestartableRedis() } = options;
  const redis = await openRedis();
  const proxies: RedisProxy[] = [];
  const closeRedis = async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await redis.close();
  };
  try {
    const stack = await startStack(options, redis.url, proxies);
    const probe = await JournalProbe.open(stack, redis.url);
    const close = async () => {
      await probe.close();
      await stack.close().finally(closeRedis);
    };
    return { redis, stack, probe, proxies, close };
  } catch (error) {
    await closeRedis();
    throw error;
  }
}
