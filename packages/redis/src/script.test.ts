import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedRedisUrl } from '../../core/testing/shared-redis.ts';
import { rememberingLogger } from '../testing/redis.ts';
import { connectRedis, disconnectRedis, type Redis, untilReady } from './connect.ts';
import { Script } from './script.ts';

const prefix = `t${randomBytes(6).toString('hex')}`;
let redis: Redis;

beforeAll(async () => {
  redis = connectRedis(sharedRedisUrl(), 'worker', rememberingLogger().logger);
  await untilReady(redis, 60_000);
});
afterAll(() => disconnectRedis(redis));

/** A script that no other test has, so that the server can't know it; it counts how often it has run. */
function newScript(): { script: Script; key: string } {
  const key = `${prefix}:${randomBytes(6).toString('hex')}`;
  return { key, script: new Script(`-- ${key}\nreturn {redis.call('INCR', KEYS[1]), ARGV[1], #ARGV}`) };
}

/** Names of the commands that this connection sends while `run` runs. */
async function sentDuring(run: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const send = redis.sendCommand;
  redis.sendCommand = function (this: Redis, ...args: Parameters<Redis['sendCommand']>) {
    sent.push(args[0].name);
    return send.apply(this, args);
  };
  try {
    await run();
  } finally {
    redis.sendCommand = send;
  }
  return sent;
}

describe('Script', () => {
  it('sends itself whole to a server that does not know it, and by its digest from then on', async () => {
    const { script, key } = newScript();
    expect(await sentDuring(() => script.run(redis, [key], ['a']))).toEqual(['evalsha', 'eval']);
    expect(await sentDuring(() => script.run(redis, [key], ['a']))).toEqual(['evalsha']);
    expect(await redis.get(key)).toBe('2');
  });

  it('recovers when the server has lost its scripts, and runs once', async () => {
    const { script, key } = newScript();
    await script.run(redis, [key], ['a']);
    await redis.script('FLUSH');
    expect(await script.run(redis, [key], ['b', 2])).toEqual([2, 'b', 2]);
    expect(await redis.script('EXISTS', script.sha)).toEqual([1]);
  });

  it('passes bytes through unchanged', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 200]);
    const key = `${prefix}:bytes`;
    await new Script(`return redis.call('SET', KEYS[1], ARGV[1])`).run(redis, [key], [bytes]);
    expect(await redis.getBuffer(key)).toEqual(bytes);
  });

  it('throws what the script throws, without running it again', async () => {
    const key = `${prefix}:broken`;
    const script = new Script(`redis.call('INCR', KEYS[1]) return redis.error_reply('BROKEN on purpose')`);
    await expect(script.run(redis, [key], [])).rejects.toThrow('BROKEN on purpose');
    expect(await redis.get(key)).toBe('1');
  });
});
