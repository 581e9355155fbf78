/** The proxy itself: faults that use it prove nothing if it doesn't do what it says. */
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silent } from '../../stack/journal-probe.ts';
import { type RestartableRedis, startRestartableRedis } from '../../stack/restartable-redis.ts';
import { until } from '../../stack/stack.ts';
import { RedisProxy } from './redis-proxy.ts';

let server: RestartableRedis;
let other: RestartableRedis;
let direct: Redis;
beforeAll(async () => {
  [server, other] = await Promise.all([startRestartableRedis(), startRestartableRedis()]);
  direct = connectRedis(server.url, 'worker', silent);
  await untilReady(direct, 60_000);
});
afterAll(async () => {
  await disconnectRedis(direct);
  await Promise.all([server?.close(), other?.close()]);
});

let proxy: RedisProxy;
let redis: Redis;
beforeEach(async () => {
  await direct.flushall();
  proxy = await RedisProxy.open(server.url);
  redis = connectRedis(proxy.url, 'worker', silent);
  // A command without a reply isn't sent again, because the tests count executions.
  redis.options.maxRetriesPerRequest = 0;
  await untilReady(redis, 60_000);
});
afterEach(async () => {
  redis.disconnect();
  await proxy.close();
});

describe('a Redis proxy', () => {
  it('drops the reply to an executed command, once', async () => {
    const cut = proxy.cutReply();
    await expect(redis.incr('count')).rejects.toMatchObject({ name: 'MaxRetriesPerRequestError' });
    await cut;
    expect(await direct.get('count')).toBe('1');
    expect(await redis.incr('count')).toBe(2);
  });

  it('drops no reply to a command that was sent before', async () => {
    const waiting = redis.blpop('list', 5);
    await until('it waits', async () => /^blocked_clients:1\r$/m.test(await direct.info('clients')));
    const cut = proxy.cutReply();
    await direct.rpush('list', 'item');
    expect(await waiting).toEqual(['list', 'item']);
    await Promise.all([cut, redis.ping().catch(() => undefined)]);
  });

  it('delivers nothing while it is paused, keeps the connection open, and delivers it afterwards', async () => {
    let closed = false;
    redis.on('close', () => {
      closed = true;
    });
    proxy.pause();
    const late = redis.incr('count');
    await direct.set('other', '1');
    expect(await Promise.race([late, direct.get('count')])).toBeNull();
    proxy.resume();
    expect([await late, closed]).toEqual([1, false]);
  });

  it('accepts new connections while it is paused, and sends them nothing before it resumes', async () => {
    proxy.pause();
    const late = connectRedis(proxy.url, 'worker', silent);
    try {
      await until('it is connected', () => late.status === 'connect');
      await direct.ping();
      expect(late.status).toBe('connect');
      proxy.resume();
      await untilReady(late, 60_000);
    } finally {
      late.disconnect();
    }
  });

  it('redirects to another Redis', async () => {
    await redis.set('where', 'here');
    proxy.redirectTo(other.url);
    await until('it is reached', async () => (await redis.get('where')) === null);
    await redis.set('where', 'there');
    expect(await direct.get('where')).toBe('here');
  });

  it('delivers lagging replies in order, and loses them when the connection breaks', async () => {
    const lags = [30, 1, 20, 5];
    proxy.lagMs = () => lags.shift() ?? 3;
    const replies = Array.from({ length: 8 }, () => redis.incr('count'));
    expect(await Promise.all(replies)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    proxy.lagMs = () => 60_000;
    const lost = redis.incr('count');
    const caught = lost.catch((error: unknown) => error);
    await until('it is executed', async () => (await direct.get('count')) === '9');
    proxy.redirectTo(server.url);
    expect(await caught).toBeInstanceOf(Error);
  });
});
