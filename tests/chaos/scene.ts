/**
 * What a chaos run plays in: a Redis of its own that can be killed, the simulator, an API, workers, and a look at the
 * journals past the API. Real processes from the sources. Three lanes, told apart by the model's name.
 */
import { JournalProbe } from '../flow/journal-probe.ts';
import { type RestartableRedis, startRestartableRedis } from '../flow/restartable-redis.ts';
import { Stack, type StackOptions } from '../flow/stack.ts';

export const lanes = ['background', 'idempotent', 'plain'] as const;
export type Lane = (typeof lanes)[number];

export interface Scene {
  redis: RestartableRedis;
  stack: Stack;
  probe: JournalProbe;
  close(): Promise<void>;
}

export interface SceneOptions {
  workers: number;
  /** The idempotent lane is told that its provider honours no key: calls must then be made twice. Default false. */
  unkeyed?: boolean;
  launch?: StackOptions['launch'];
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

export async function openScene({ workers, unkeyed = false, launch = {} }: SceneOptions): Promise<Scene> {
  const redis = await startRestartableRedis();
  try {
    const config = (providerUrl: string) => configOf(providerUrl, unkeyed);
    const stack = await Stack.start({ redisUrl: redis.url, workers, config, launch });
    const probe = await JournalProbe.open(stack);
    const close = async () => {
      await probe.close();
      await stack.close();
      await redis.close();
    };
    return { redis, stack, probe, close };
  } catch (error) {
    await redis.close();
    throw error;
  }
}
