import { randomUUID } from 'node:crypto';
import { type AlertRule, alertsSchema } from '@holdfast/core';
import { connectRedis, type Redis, untilReady } from '@holdfast/redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sharedRedisUrl } from '../../core/testing/shared-redis.ts';
import { secret, startReceiver } from '../testing/receiver.ts';
import { AlertStore } from './alert-store.ts';
import type { Finding } from './evaluate.ts';
import { findQueueAge } from './findings.ts';
import { AlertWatch, type ReadRule } from './watch-alerts.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
let redis: Redis;
let prefix: string;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let now: number;
let oldestWaitS: number | null;

beforeAll(async () => {
  redis = connectRedis(sharedRedisUrl(), 'worker', silent);
  await untilReady(redis, 60_000);
});
beforeEach(async () => {
  [prefix, now, oldestWaitS] = [`t${randomUUID().slice(0, 8)}`, 1_000_000, 900];
  receiver = await startReceiver();
});
afterEach(() => receiver.close());
afterAll(() => redis.disconnect());

const alerts = alertsSchema.parse({
  webhook: { url: 'http://127.0.0.1/', secret_env: 'SECRET' },
  repeat_minutes: 60,
  rules: { queue_age: { above_s: 300, for_s: 0 } },
});
const rule = { above_s: 300, for_s: 0 };
const readAge: ReadRule = async () => findQueueAge([{ name: 'default', oldestWaitS, ended: 0, failed: 0 }], rule);

/** A process that watches. */
function watcher(read: ReadRule = readAge) {
  return new AlertWatch({
    store: new AlertStore(redis, prefix),
    alerts,
    target: { url: receiver.url, secret },
    installation: prefix,
    readers: new Map<AlertRule, ReadRule>([['queue_age', read]]),
    logger: silent,
    now: () => now,
  });
}

const told = () => receiver.received.map(({ type }) => type);

describe('a watch of alerts', () => {
  it('reports what begins and what ends, once each, signed', async () => {
    const one = watcher();
    await one.tick();
    await one.tick();
    expect(receiver.received).toEqual([
      {
        id: expect.stringMatching(/^alert_/),
        type: 'alert.firing',
        timestamp: new Date(1_000_000).toISOString(),
        data: {
          rule: 'queue_age',
          subject: 'default',
          repeated: false,
          value: 900,
          limit: 300,
          since: new Date(1_000_000).toISOString(),
          summary: 'The oldest job in lane default has waited for 15 min.',
          installation: prefix,
        },
      },
    ]);
    oldestWaitS = null;
    await one.tick();
    expect(told()).toEqual(['alert.firing', 'alert.resolved']);
  });

  it('is one process at a time; another goes on where it stopped, and says nothing twice', async () => {
    const [one, two] = [watcher(), watcher()];
    await one.tick();
    await two.tick();
    expect(told()).toEqual(['alert.firing']);
    oldestWaitS = null;
    await two.tick();
    expect(told()).toEqual(['alert.firing']);
    await one.stop();
    await two.tick();
    expect(told()).toEqual(['alert.firing', 'alert.resolved']);
  });

  it('keeps a report until the webhook takes it, with the same id, later and later', async () => {
    receiver.state.status = 500;
    const one = watcher();
    await one.tick();
    await one.tick();
    expect(receiver.state.tries).toBe(1);
    now += 10_000;
    receiver.state.status = 302;
    await one.tick();
    expect(receiver.state.tries).toBe(2);
    receiver.state.status = 204;
    now += 10_000;
    await one.tick();
    expect(told()).toEqual([]);
    now += 10_000;
    await one.tick();
    expect(told()).toEqual(['alert.firing']);
    expect(receiver.state.tries).toBe(3);
  });

  it('changes nothing while a rule can not be read', async () => {
    const one = watcher();
    await one.tick();
    await one.stop();
    const blind = watcher(async (): Promise<Finding[]> => {
      throw new Error('Redis does not answer');
    });
    await blind.tick();
    expect(told()).toEqual(['alert.firing']);
    expect((await new AlertStore(redis, prefix).states()).size).toBe(1);
  });
});
