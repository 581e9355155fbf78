/** The disturbed line itself: a proof that uses it is worth what it does. */
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
  // What was cut off isn't sent again: a test counts what was done.
  redis.options.maxRetriesPerRequest = 0;
  await untilReady(redis, 60_000);
});
afterEach(async () => {
  redis.disconnect();
  await proxy.close();
});

describe('a line to Redis', () => {
  it('cuts off the reply to a command that is done, once', async () => {
    const cut = proxy.cutReply();
    await expect(redis.incr('count')).rejects.toMatchObject({ name: 'MaxRetriesPerRequestError' });
    await cut;
    expect(await direct.get('count')).toBe('1');
    expect(await redis.incr('count')).toBe(2);
  });

  it('cuts off no reply to what was sent before', async () => {
    const waiting = redis.blpop('list', 5);
    await until('it waits', async () => /^blocked_clients:1\r$/m.test(await direct.info('clients')));
    const cut = proxy.cutReply();
    await direct.rpush('list', 'item');
    expect(await waiting).toEqual(['list', 'item']);
    await Promise.all([cut, redis.ping().catch(() => undefined)]);
  });

  it('holds what is sent with the connection left open, and delivers it afterwards', async () => {
    let closed = false;
    redis.on('close', () => {
      closed = true;
    });
    proxy.hold();
    const late = redis.incr('count');
    await direct.set('beside', '1');
    expect(await Promise.race([late, direct.get('count')])).toBeNull();
    proxy.resume();
    expect([await late, closed]).toEqual([1, false]);
  });

  it('takes new connections while it holds, and lets them hear nothing before it resumes', async () => {
    proxy.hold();
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

  it('leads to another Redis', async () => {
    await redis.set('where', 'here');
    proxy.leadTo(other.url);
    await until('it is reached', async () => (await redis.get('where')) === null);
    await redis.set('where', 'there');
    expect(await direct.get('where')).toBe('here');
  });

  it('loses what lags when the connection breaks, and keeps its order when it does not', async () => {
    const lags = [30, 1, 20, 5];
    proxy.lagMs = () => lags.shift() ?? 3;
    const replies = Array.from({ length: 8 }, () => redis.incr('count'));
    expect(await Promise.all(replies)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    proxy.lagMs = () => 60_000;
    const lost = redis.incr('count');
    const caught = lost.catch((error: unknown) => error);
    await until('it is done', async () => (await direct.get('count')) === '9');
    proxy.leadTo(server.url);
    expect(await caught).toBeInstanceOf(Error);
  });
});
