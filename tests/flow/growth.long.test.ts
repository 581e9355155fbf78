/**
 * Nothing grows without end: after their retention nothing is left of jobs, key by key and member by member; and jobs that only
 * wait cost nothing, however many they are.
 */
import { jobIdFor } from '@holdfast/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { type RestartableRedis, startRestartableRedis } from '../stack/restartable-redis.ts';
import { chat, Stack, until } from '../stack/stack.ts';

const RETENTION_MS = 2_000;

let redis: RestartableRedis;
let stack: Stack;
let probe: JournalProbe;

async function start(env: NodeJS.ProcessEnv = {}, workers = 1): Promise<void> {
  redis = await startRestartableRedis();
  stack = await Stack.start({ redisUrl: redis.url, workers, env });
  probe = await JournalProbe.open(stack);
}
afterEach(async () => {
  await probe.close();
  await stack.close();
  await redis.close();
});

async function membersOf(key: string): Promise<number> {
  const type = await probe.redis.type(key);
  if (type === 'hash') return probe.redis.hlen(key);
  if (type === 'zset') return probe.redis.zcard(key);
  if (type === 'set') return probe.redis.scard(key);
  if (type === 'list') return probe.redis.llen(key);
  if (type === 'stream') return probe.redis.xlen(key);
  return 1;
}

/** Members of every key but locks and those of one part; and how many members that part has in all. */
async function inventory(apart: (key: string) => boolean) {
  // Locks come and go: they are leases of whoever has a duty just now.
  const keys = (await probe.redis.keys('*')).filter((key) => !key.includes(':lock:')).sort();
  const sizes = await Promise.all(keys.map(async (key) => [key, await membersOf(key)] as const));
  const members = sizes.filter(([key]) => apart(key)).reduce((sum, [, size]) => sum + size, 0);
  return { kept: Object.fromEntries(sizes.filter(([key]) => !apart(key))), members };
}

const submitMany = (name: string, count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const job = {
        ...chat(name, `tokens=2&ttft_ms=0&itl_ms=0${at % 10 === 0 ? '&fail=400' : ''}`),
        metadata: { at: String(at) },
      };
      return (await stack.client.submit(at % 7 === 0 ? { ...job, cache: { ttl_s: 60 } } : job)).job.id;
    }),
  );

describe('after retention', () => {
  it('nothing is left of 1,000 jobs: every key and every member is gone', async () => {
    await start({ RETENTION_HOURS: String(RETENTION_MS / 3_600_000) });
    // What BullMQ keeps of ended jobs is bounded by their number, and so is its stream. The history is bounded by time.
    const isApart = (key: string) => key.startsWith(probe.cell.keys.bull) || key.includes(':{history}:');
    const cycle = async (name: string, count: number) => {
      const ids = await submitMany(name, count);
      await until('all are over', async () => (await probe.openJobs()) === 0);
      await until(
        'all are gone',
        async () => (await probe.redis.exists(...ids.map((id) => probe.journal.keysOf(id).record))) === 0,
      );
      await until('no list names any', async () => (await probe.listedJobs()) === 0);
      await until(
        'no leader is left',
        async () => (await probe.redis.keys(`${probe.cell.keys.base}leader:*`)).length === 0,
      );
      return inventory(isApart);
    };
    const base = await cycle('first', 200);
    const after = await cycle('then', 1_000);
    expect(after.kept).toEqual(base.kept);
    // 100 completed ones, those that have failed, each a hash of about 12 fields, and a stream.
    expect(after.members).toBeLessThan(20_000);
  });
});

/** How many commands Redis was given while it was dispatched so often: what the processes do when there is nothing to do. */
async function commandsOfIdleRounds(rounds: number): Promise<number> {
  const read = async () => {
    const stats = await probe.redis.info('commandstats');
    const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    const count = (of: (name: string) => boolean) =>
      calls.filter(([, name = '']) => of(name)).reduce((sum, [, , found]) => sum + Number(found), 0);
    return { scripts: count((name) => name === 'evalsha'), commands: count((name) => name !== 'info') };
  };
  const before = await read();
  const after = await until('so many rounds have gone by', async () => {
    const now = await read();
    return now.scripts - before.scripts >= rounds ? now : null;
  });
  return (after.commands - before.commands) / (after.scripts - before.scripts);
}

describe('jobs that wait', () => {
  it('cost no commands: 30,000 of them as many as none', async () => {
    await start();
    await probe.redis.config('SET', 'appendonly', 'no');
    await probe.queue.scheduler.setPaused('default', true);
    const ROUNDS = 20;
    const none = await commandsOfIdleRounds(ROUNDS);
    const request = chat('waits', 'tokens=1');
    const requestText = JSON.stringify(request);
    for (let from = 0; from < 30_000; from += 1_000) {
      const jobs = Array.from({ length: 1_000 }, (_, at) => {
        const tenant = `t${at}`;
        const job = {
          id: jobIdFor(tenant, null),
          tenant,
          lane: 'default',
          request,
          requestText,
          digest: 'd',
          tokens: 10,
        };
        return probe.journal.submit(job, { limits: {}, estimateUsd: null });
      });
      await Promise.all(jobs);
    }
    expect(await probe.openJobs()).toBe(30_000);
    const many = await commandsOfIdleRounds(ROUNDS);
    expect(many).toBeLessThan(none * 1.3);
  });
});
