/**
 * What jobs cost Redis, counted by Redis itself over real processes: how many commands, those in scripts included, and how many
 * scripts. Counts don't depend on the machine, as times would.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { type RestartableRedis, startRestartableRedis } from '../stack/restartable-redis.ts';
import { chat, Stack, until } from '../stack/stack.ts';

const JOBS = 200;

let redis: RestartableRedis;
let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  redis = await startRestartableRedis();
  stack = await Stack.start({ redisUrl: redis.url, workers: 0 });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
  await redis?.close();
});

interface Counts {
  /** Commands, those that scripts call included. */
  commands: number;
  scripts: number;
}

async function readCounts(): Promise<Counts> {
  const stats = await probe.redis.info('commandstats');
  const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = '', count]) => ({
    name,
    count: Number(count),
  }));
  const sum = (of: (name: string) => boolean) =>
    calls.filter(({ name }) => of(name)).reduce((total, { count }) => total + count, 0);
  return { commands: sum(() => true), scripts: sum((name) => name === 'evalsha' || name === 'eval') };
}

/** Of one job, on average. What the processes do by themselves meanwhile is in it: with so many jobs it hardly shows. */
async function perJob(run: () => Promise<unknown>): Promise<Counts> {
  const before = await readCounts();
  await run();
  const after = await readCounts();
  return { commands: (after.commands - before.commands) / JOBS, scripts: (after.scripts - before.scripts) / JOBS };
}

/** Jobs of one kind; the same keys again are replays. */
const submitAll = (sim: string) =>
  Promise.all(
    Array.from({ length: JOBS }, (_, at) =>
      stack.client.submit(chat('counted', sim), { idempotencyKey: `${sim} ${at}` }),
    ),
  );

const allEnded = () => until('all have ended', async () => (await probe.openJobs()) === 0);

const SHORT = 'tokens=1&ttft_ms=0&itl_ms=0';

describe('Redis is given', () => {
  it('one script, of at most 20 commands, for a submit', async () => {
    const counts = await perJob(() => submitAll(SHORT));
    expect(counts.scripts).toBeLessThan(1.5);
    expect(counts.commands).toBeLessThan(22);
  });

  it('one script, of at most 4 commands, for a replay', async () => {
    const counts = await perJob(() => submitAll(SHORT));
    expect(counts.scripts).toBeLessThan(1.2);
    expect(counts.commands).toBeLessThan(7);
  });

  it('less than 6 scripts and 100 commands for a short job, BullMQ included', async () => {
    const counts = await perJob(async () => {
      await stack.start('worker');
      await allEnded();
    });
    expect(counts.scripts).toBeLessThan(6);
    expect(counts.commands).toBeLessThan(100);
  });

  it('less than 20 scripts and 200 commands for a job of 200 tokens, of many at once, submit included', async () => {
    const counts = await perJob(async () => {
      await submitAll('tokens=200&itl_ms=5');
      await allEnded();
    });
    expect(counts.scripts).toBeLessThan(20);
    expect(counts.commands).toBeLessThan(200);
  });
});
