import { RequestError } from '@holdfast/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type OwnRedis, rememberingLogger, replicate, startOwnRedis, until } from '../testing/redis.ts';
import { connectRedis, disconnectRedis, type Redis, untilReady } from './connect.ts';
import { checkDurability, type DurabilityMode } from './durability.ts';
import { DurableWrites } from './durable-writes.ts';

const { logger } = rememberingLogger();
let master: OwnRedis;
let replica: OwnRedis;
let redis: Redis;
let onReplica: Redis;
let opened: Redis[] = [];

beforeAll(async () => {
  [master, replica] = await Promise.all([startOwnRedis(), startOwnRedis()]);
  await replicate(master, replica);
  [redis, onReplica] = await Promise.all([open(master.url), open(replica.url)]);
  opened = [];
});
afterEach(async () => {
  replica.proceed();
  await Promise.all(opened.map(disconnectRedis));
  opened = [];
  // A replica that was stopped is in step again once it confirms.
  await until('the replica is in step', async () => (await redis.incr('step')) > 0 && (await redis.wait(1, 100)) === 1);
});
afterAll(async () => {
  await Promise.all([redis, onReplica].map(disconnectRedis));
  await Promise.all([replica.remove(), master.remove()]);
});

async function open(url: string): Promise<Redis> {
  const connection = connectRedis(url, 'producer', logger);
  await untilReady(connection, 60_000);
  opened.push(connection);
  return connection;
}

async function writesWith(mode: DurabilityMode, poolSize?: number): Promise<DurableWrites> {
  const size = poolSize === undefined ? {} : { poolSize };
  const writes = new DurableWrites({ mode, redis, prefix: 't', connect: () => open(master.url), ...size });
  await writes.prepare();
  return writes;
}

/** What a write gives, or its refusal. */
const outcomeOf = <Value>(promise: Promise<Value>): Promise<Value | RequestError> =>
  promise.catch((error: unknown) => {
    if (error instanceof RequestError) return error;
    throw error;
  });

/** How often the replica was waited for while this ran. */
async function waitsDuring(run: () => Promise<unknown>): Promise<number> {
  const counted = async () => Number(/^cmdstat_wait:calls=(\d+)/m.exec(await redis.info('commandstats'))?.[1] ?? 0);
  const before = await counted();
  await run();
  return (await counted()) - before;
}

const unmet = { code: 'durability_unmet', status: 503, retryAfterMs: 1_000 };

describe('writes in mode replica', () => {
  it('may be made where a replica is connected', async () => {
    await expect(checkDurability(redis, 'replica')).resolves.toBeUndefined();
    await expect(checkDurability(onReplica, 'replica')).rejects.toMatchObject({ code: 'durability_unmet' });
  });

  it('are on the replica when they resolve, also many at once on few connections', async () => {
    const writes = await writesWith('replica', 2);
    const missing = await Promise.all(
      Array.from({ length: 200 }, async (_, at) => {
        expect(await writes.run((line) => line.set(`key${at}`, '1'))).toBe('OK');
        return (await onReplica.exists(`key${at}`)) === 1 ? [] : [at];
      }),
    );
    expect(missing.flat()).toEqual([]);
  });

  it('are answered with "unmet", together, while the replica hangs, however many there are', async () => {
    const writes = await writesWith('replica', 4);
    replica.freeze();
    const waits = await waitsDuring(async () => {
      const write = (at: number) => outcomeOf(writes.run((line) => line.set(`hung${at}`, '1')));
      const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => write(at)));
      for (const answer of answers) expect(answer).toMatchObject(unmet);
    });
    // A wait of each for itself would take its time a hundred times.
    expect(waits).toBeLessThanOrEqual(8);
    replica.proceed();
    expect(await writes.run((line) => line.get('hung99'))).toBe('1');
  });

  it('stand for what was written before too: one that changes nothing is not confirmed either', async () => {
    const writes = await writesWith('replica', 1);
    await writes.run((line) => line.set('own', '1'));
    replica.freeze();
    await redis.set('elsewhere', '1');
    expect(await outcomeOf(writes.run(async () => 'nothing at all'))).toMatchObject(unmet);
    await redis.set('elsewhere', '2');
    expect(await outcomeOf(writes.run((line) => line.get('elsewhere')))).toMatchObject(unmet);
    replica.proceed();
    expect(await writes.run((line) => line.get('elsewhere'))).toBe('2');
  });

  it('throw what the write throws, at once, and leave others of the same round alone', async () => {
    const writes = await writesWith('replica', 1);
    const refused = new RequestError('job_not_retryable', 'no');
    const first = writes.run((line) => line.set('first', '1'));
    const results = await Promise.allSettled([
      first,
      writes.run((line) => line.set('good', '1')),
      writes.run(() => Promise.reject(refused)),
      writes.run(() => {
        throw refused;
      }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(results[2]).toMatchObject({ reason: refused });
    replica.freeze();
    const refusal = async () => expect(await outcomeOf(writes.run(() => Promise.reject(refused)))).toBe(refused);
    expect(await waitsDuring(refusal)).toBe(0);
  });

  it('are not confirmed by a connection that was lost in between: it may lead to another server', async () => {
    const writes = await writesWith('replica', 1);
    const lost = writes.run(async (line) => {
      await line.set('lost', '1');
      const back = new Promise((resolve) => line.once('ready', resolve));
      line.disconnect(true);
      await back;
    });
    expect(await outcomeOf(lost)).toMatchObject(unmet);
    expect(await writes.run((line) => line.get('lost'))).toBe('1');
  });

  it('that change nothing are confirmed by a full Redis too', async () => {
    const writes = await writesWith('replica', 1);
    await redis.config('SET', 'maxmemory', 1);
    try {
      await expect(redis.set('more', '1')).rejects.toThrow('OOM');
      expect(await writes.run((line) => line.get('more'))).toBeNull();
    } finally {
      await redis.config('SET', 'maxmemory', 0);
    }
  });

  it('are unmet while the master hangs', async () => {
    const writes = await writesWith('replica', 1);
    master.freeze();
    const results = await Promise.allSettled(Array.from({ length: 3 }, () => writes.run((line) => line.set('x', '1'))));
    master.proceed();
    expect(results.map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  });
});

describe('writes on a server that knows WAITAOF', () => {
  // Stands in for Redis 7.2: says its version, and what was asked of it.
  async function confirmedBy(version: string, reply: unknown): Promise<{ asked: unknown[][]; outcome: unknown }> {
    const asked: unknown[][] = [];
    const server = {
      status: 'ready',
      on: () => server,
      info: async () => `redis_version:${version}\r\n`,
      eval: async () => 'OK',
      call: async (...command: unknown[]) => {
        asked.push(command);
        return reply;
      },
    } as unknown as Redis;
    const writes = new DurableWrites({ mode: 'replica', redis: server, prefix: 't', connect: async () => server });
    await writes.prepare();
    const outcome = await writes.run(async () => 'written').catch((error: unknown) => error);
    return { asked, outcome };
  }

  it.each([
    ['7.2.0', [1, 1], 'written'],
    ['7.4.2', [1, 2], 'written'],
    ['8.0.0', [1, 0], unmet],
    ['10.1.0', [0, 1], unmet],
  ])('%s are confirmed only when this disk and one more have them: %j', async (version, reply, expected) => {
    const { asked, outcome } = await confirmedBy(version, reply);
    expect(asked).toEqual([['WAITAOF', 1, 1, expect.any(Number)]]);
    if (typeof expected === 'string') expect(outcome).toBe(expected);
    else expect(outcome).toMatchObject(expected);
  });

  it('are confirmed by WAIT on an older one', async () => {
    const { asked, outcome } = await confirmedBy('7.0.15', 1);
    expect([asked, outcome]).toEqual([[['WAIT', 1, expect.any(Number)]], 'written']);
    expect((await confirmedBy('7.0.0', 0)).outcome).toMatchObject(unmet);
  });
});

describe('writes in mode fsync', () => {
  it('wait for no replica, and use the existing connection', async () => {
    const writes = await writesWith('fsync');
    replica.freeze();
    const write = () => writes.run(async (line) => line === redis && (await line.set('x', '1')));
    expect(await waitsDuring(async () => expect(await write()).toBe('OK'))).toBe(0);
    expect(opened).toEqual([]);
  });
});
