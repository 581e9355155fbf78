import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type LoggedLine, type OwnRedis, rememberingLogger, startOwnRedis, until } from '../testing/redis.ts';
import {
  type ConnectionRole,
  connectRedis,
  disconnectRedis,
  isStoreUnavailable,
  type Redis,
  untilReady,
} from './connect.ts';
import { Script } from './script.ts';

let own: OwnRedis;
let other: OwnRedis;
let closeLater: (() => Promise<void>)[] = [];
let opened: Redis[] = [];
let lines: LoggedLine[] = [];

beforeAll(async () => {
  [own, other] = await Promise.all([startOwnRedis(), startOwnRedis()]);
});
afterEach(async () => {
  own.proceed();
  await Promise.all(opened.map(disconnectRedis));
  opened = [];
  for (const close of closeLater) await close();
  closeLater = [];
});
afterAll(() => Promise.all([own.remove(), other.remove()]));

function connect(role: ConnectionRole, url = own.url): Redis {
  const remembering = rememberingLogger();
  lines = remembering.lines;
  const redis = connectRedis(url, role, remembering.logger);
  opened.push(redis);
  return redis;
}

async function ready(role: ConnectionRole, url?: string): Promise<Redis> {
  const redis = connect(role, url);
  await untilReady(redis, 60_000);
  return redis;
}

async function failureOf(promise: Promise<unknown>): Promise<{ error: unknown }> {
  const error = await promise.then(
    (value) => {
      throw new Error(`expected a failure, got ${JSON.stringify(value)}`);
    },
    (thrown: unknown) => thrown,
  );
  return { error };
}

async function closedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

describe('a producer', () => {
  it('answers "unavailable" after 2 s while Redis hangs, and recovers by itself afterwards', async () => {
    const redis = await ready('producer');
    own.freeze();
    const { error } = await failureOf(redis.set('hang', '1'));
    expect(error).toMatchObject({ message: 'Command timed out' });
    expect(isStoreUnavailable(error)).toBe(true);
    expect(redis.options.commandTimeout).toBe(2_000);
    own.proceed();
    expect(await redis.set('hang', '2')).toBe('OK');
    expect(await redis.get('hang')).toBe('2');
  });

  it('answers "unavailable" at once while it has no connection', async () => {
    const redis = connect('producer', `redis://127.0.0.1:${await closedPort()}`);
    const { error } = await failureOf(redis.get('x'));
    expect(isStoreUnavailable(error)).toBe(true);
    // It is not kept until there is one.
    expect(error).toMatchObject({ message: expect.stringContaining('enableOfflineQueue') });
  });

  it('answers "unavailable" when it meets a Redis that hangs', async () => {
    own.freeze();
    const redis = connect('producer');
    const { error } = await failureOf(redis.get('x'));
    expect(isStoreUnavailable(error)).toBe(true);
    own.proceed();
    await untilReady(redis, 60_000);
    expect(await redis.get('x')).toBeNull();
  });
});

describe('an outage', () => {
  it('fails a producer, holds a worker back, is logged in one line, and ends by itself', async () => {
    const short = await startOwnRedis();
    closeLater.push(short.remove);
    const producer = await ready('producer', short.url);
    const producerLines = lines;
    const worker = await ready('worker', short.url);
    await short.stop();
    const { error } = await failureOf(producer.get('x'));
    expect(isStoreUnavailable(error)).toBe(true);
    const held = worker.set('held', 'back');
    // Enough tries of reconnecting for a second line to appear, were there one per try.
    let tries = 0;
    producer.on('reconnecting', () => {
      tries += 1;
    });
    await until('the producer tries again and again', () => tries >= 4);
    const port = Number(new URL(short.url).port);
    const back = await listenAsRedis(port);
    closeLater.push(back.close);
    await until('the producer is back', () => producer.status === 'ready');
    expect(await held).toBe('OK');
    expect(producerLines).toEqual([
      { level: 'warn', fields: { role: 'producer', code: 'ECONNREFUSED' }, message: 'redis is away' },
      { level: 'info', fields: { role: 'producer' }, message: 'redis is back' },
    ]);
    for (const redis of [producer, worker]) redis.disconnect();
  });
});

/** Forwards a port to `own`: another Redis under an address that one had before. */
async function listenAsRedis(port: number): Promise<{ close(): Promise<void> }> {
  const { connect: dial } = await import('node:net');
  const { port: target } = new URL(own.url);
  const server = createServer((socket) => {
    const upstream = dial(Number(target), '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on('error', () => undefined);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}

describe('untilReady', () => {
  it('gives up in time, with an error that answers a request', async () => {
    const redis = connect('worker', `redis://127.0.0.1:${await closedPort()}`);
    const { error } = await failureOf(untilReady(redis, 50));
    expect(error).toMatchObject({ code: 'store_unavailable', status: 503 });
    expect(redis.listenerCount('ready')).toBe(1);
  });
});

describe('disconnectRedis', () => {
  it('does not wait for a Redis that hangs', async () => {
    const redis = await ready('worker');
    own.freeze();
    await disconnectRedis(redis);
    own.proceed();
    await until('the connection has ended', () => redis.status === 'end');
  });

  it('ends a connection that never was', async () => {
    const redis = connect('worker', `redis://127.0.0.1:${await closedPort()}`);
    await disconnectRedis(redis);
    await until('the connection has ended', () => redis.status === 'end');
  });
});

describe('isStoreUnavailable', () => {
  /** Sets something on the server, runs, and sets it back. */
  async function whileSet(setting: string, value: string, run: (redis: Redis) => Promise<unknown>): Promise<unknown> {
    const redis = await ready('producer');
    const [, before] = (await redis.config('GET', setting)) as string[];
    await redis.config('SET', setting, value);
    try {
      return (await failureOf(run(redis))).error;
    } finally {
      await redis.config('SET', setting, before ?? '');
    }
  }

  it('is true of a connection that is refused', async () => {
    const url = `redis://127.0.0.1:${await closedPort()}`;
    const redis = connect('worker', url);
    const refused = await new Promise((resolve) => redis.once('error', resolve));
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    expect(isStoreUnavailable(refused)).toBe(true);
  });

  it('is true of a connection that broke under a command, and of one that is closed', async () => {
    const redis = await ready('producer');
    const pending = failureOf(redis.blpop('never', 0));
    redis.disconnect();
    expect(isStoreUnavailable((await pending).error)).toBe(true);
    expect(isStoreUnavailable((await failureOf(redis.get('x'))).error)).toBe(true);
  });

  it('is true of a full Redis, asked directly or by a script', async () => {
    expect(isStoreUnavailable(await whileSet('maxmemory', '1', (redis) => redis.set('x', '1')))).toBe(true);
    const script = new Script(`return redis.call('SET', KEYS[1], '1')`);
    expect(isStoreUnavailable(await whileSet('maxmemory', '1', (redis) => script.run(redis, ['x'], [])))).toBe(true);
  });

  it('is true of a Redis that lacks the replicas it is to have', async () => {
    const error = await whileSet('min-replicas-to-write', '1', (redis) => redis.set('x', '1'));
    expect(error).toMatchObject({ message: expect.stringMatching(/^NOREPLICAS/) });
    expect(isStoreUnavailable(error)).toBe(true);
  });

  it('is true of a Redis that is busy with a script', async () => {
    const redis = await ready('producer');
    const second = await ready('producer');
    await redis.config('SET', 'busy-reply-threshold', '1');
    const endless = failureOf(second.eval('while true do end', 0));
    let busy: unknown;
    await until('Redis is busy', () =>
      redis.get('x').then(
        () => false,
        (error: unknown) => {
          busy = error;
          return true;
        },
      ),
    );
    await redis.script('KILL');
    await endless;
    await redis.config('SET', 'busy-reply-threshold', '5000');
    expect(busy).toMatchObject({ message: expect.stringMatching(/^BUSY/) });
    expect(isStoreUnavailable(busy)).toBe(true);
  });

  it('is true of a replica, while it loads and when it is written to', async () => {
    const [master, replica] = [await ready('producer'), await ready('producer', other.url)];
    // Noise, so that it is not compressed: Redis looks for commands once in 1 kB while it loads.
    const noise = () => randomBytes(500).toString('base64');
    await master.mset(Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`load:${at}`, noise()])));
    await master.config('SET', 'repl-diskless-sync-delay', '0');
    // Each key takes 10 ms to load, and Redis answers in between.
    await replica.config('SET', 'loading-process-events-interval-bytes', '1024');
    await replica.config('SET', 'key-load-delay', '10000');
    await replica.replicaof('127.0.0.1', new URL(own.url).port);
    const seen = new Map<string, boolean>();
    await until('the replica has loaded', async () => {
      for (const asked of [replica.get('x'), replica.set('x', '1')]) {
        const error = await asked.catch((thrown: Error) => thrown);
        if (error instanceof Error) seen.set(error.message.split(' ', 1)[0] ?? '', isStoreUnavailable(error));
      }
      return seen.has('LOADING') && (await replica.info('replication')).includes('master_link_status:up');
    });
    await replica.replicaof('NO', 'ONE');
    await replica.config('SET', 'key-load-delay', '0');
    // Having loaded, it writes its file anew; a Redis that does won't end.
    await until('the file is written', async () => {
      return !/aof_rewrite_(in_progress|scheduled):1/.test(await replica.info('persistence'));
    });
    expect(Object.fromEntries(seen)).toEqual({ LOADING: true, READONLY: true });
  });

  it('is false of a command that is wrong, and of errors that are not Redis’s', async () => {
    const redis = await ready('producer');
    await redis.set('text', 'x');
    expect(isStoreUnavailable((await failureOf(redis.incr('text'))).error)).toBe(false);
    expect(isStoreUnavailable((await failureOf(redis.lpush('text', '1'))).error)).toBe(false);
    expect(isStoreUnavailable((await failureOf(redis.eval('return nonsense(', 0))).error)).toBe(false);
    for (const not of [new Error('OOM'), new TypeError('x'), null, undefined, 'ECONNREFUSED']) {
      expect(isStoreUnavailable(not)).toBe(false);
    }
  });
});
