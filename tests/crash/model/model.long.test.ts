/**
 * The model test: random interleavings of everything that may happen to a job, checked against a model of the promises.
 *
 *   promises/  the models: what must hold of a job, its journal, the ledger and the scheduler
 *   system/    the product's code, with connections, queue, provider, clock and timers that go on step by step
 *
 *   SEED=n         the first interleaving; the same n repeats it. Default 1; with MODEL_RUNS a random one, which is printed
 *   MODEL_RUNS=n   how many interleavings; default 1,000. `npm run model` runs 10,000
 *   MODEL_STEPS=n  how many steps in each before the faults stop; default 24. A seed repeats only with the same steps
 */
import { randomInt } from 'node:crypto';
import { scripts } from '@holdfast/cell';
import type { Logger } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, type Script, untilReady } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OwnRedis, startOwnRedis } from '../../../packages/redis/testing/redis.ts';
import { Interleaving } from './interleaving.ts';
import { runInterleavings } from './run-interleavings.ts';
import { snapshotScript } from './snapshot.ts';
import { testScripts, withTestClock } from './system/cell.ts';
import { SharedRedis, type Switches } from './system/redis.ts';
import { stepTimers } from './system/timers.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
/** `npm run test:long` runs the same interleavings each time. `npm run model` runs new ones. */
const usualSeed = process.env.MODEL_RUNS ? randomInt(1, 2 ** 31) : 1;
const seed = Number(process.env.SEED ?? usualSeed);
const runs = Number(process.env.MODEL_RUNS ?? 1_000);
const STEPS = Number(process.env.MODEL_STEPS ?? 24);
/** Each switch violates a promise within so many interleavings. Their fixed seed makes that repeatable; it was chosen to be quick. */
const RUNS_UNTIL_RED = 4_000;
const RED_SEED = 322;
/** An interleaving takes about 15 ms, and longer on a busy machine. */
const TIMEOUT_MS = Math.max(600_000, runs * 60);

/** Replies that 10,000 interleavings must have seen: an untested reply proves nothing. */
const expectedReplies = [
  ...['created', 'found', 'refused', 'day'].map((kind) => `submit ${kind}`),
  ...['released', 'expired', 'nothing'].map((kind) => `dispatch ${kind}`),
  ...['claimed', 'ended', 'stale', 'missing'].map((kind) => `claim ${kind}`),
  ...['applied', 'again', 'fenced'].map((kind) => `append ${kind}`),
  ...['completed', 'failed', 'cancelled', 'queued', 'again', 'fenced'].map((kind) => `finish ${kind}`),
  ...['cancelled', 'requested', 'ended', 'missing'].map((kind) => `cancel ${kind}`),
  ...['queued', 'refused', 'day', 'not_retryable'].map((kind) => `retry ${kind}`),
  ...['deleted', 'not_ended', 'missing'].map((kind) => `delete ${kind}`),
  ...['reserved', 'day', 'fenced'].map((kind) => `reserve ${kind}`),
  ...['due', 'nothing'].flatMap((kind) => [`permitsToCheck ${kind}`, `claimLeftovers ${kind}`]),
  'handOverAgain again',
  ...['equal', 'different'].map((kind) => `counts ${kind}`),
  ...['to the end', 'placed'].map((kind) => `repair ${kind}`),
  ...['found', 'nothing'].map((kind) => `removeExpired ${kind}`),
];

let server: OwnRedis;
let connections: Redis[];
let shared: SharedRedis;
let freeTimers: () => void;

beforeAll(async () => {
  server = await startOwnRedis();
  const [commands, messages] = [
    connectRedis(server.url, 'worker', silent),
    connectRedis(server.url, 'subscriber', silent),
  ];
  connections = [commands, messages];
  await Promise.all(connections.map((redis) => untilReady(redis, 60_000)));
  // Durability is not tested here.
  await commands.config('SET', 'appendonly', 'no');
  await Promise.all([...testScripts.values(), snapshotScript].map(({ lua }) => commands.script('LOAD', lua)));
  shared = new SharedRedis(commands, messages);
  freeTimers = stepTimers();
});

afterAll(async () => {
  freeTimers();
  await Promise.all(connections.map(disconnectRedis));
  await server.remove();
});

type ScriptName = keyof typeof scripts;

/** Scripts of the cell with parts of them replaced. */
async function broken(names: readonly ScriptName[], parts: Record<string, string>): Promise<Switches> {
  const replaced = new Map<string, Script>();
  for (const name of names) {
    let { lua } = scripts[name].script;
    for (const [part, other] of Object.entries(parts)) {
      if (!lua.includes(part))
        throw new Error(`the script ${name} no longer contains "${part}": change this test with it`);
      lua = lua.replace(part, other);
    }
    const script = withTestClock(lua);
    await shared.commands.script('LOAD', script.lua);
    replaced.set(scripts[name].script.sha, script);
  }
  return { scripts: replaced };
}

function failureText({ seed: at, broken, trace }: { seed: number; broken: string; trace: string[] }): string {
  return `violated: ${broken}\nSEED=${at} repeats it:\n${trace.join('\n')}`;
}

describe('every interleaving', () => {
  it(
    'keeps the promises',
    async () => {
      const tally = await runInterleavings({
        shared,
        prefix: 'whole',
        seed,
        count: runs,
        steps: STEPS,
      });
      const { failure, seconds, ...counts } = tally;
      console.log(`SEED=${seed} ${JSON.stringify(counts)} in ${seconds.toFixed(1)} s`);
      expect(failure && failureText(failure)).toBeNull();
      expect(tally.interleavings).toBe(runs);
      // No key is left: the model knows all keys, and deletes all that it means to delete.
      expect(await shared.commands.keys('*')).toEqual([]);
      if (runs >= 10_000) expect(Object.keys(tally.replies)).toEqual(expect.arrayContaining(expectedReplies));
    },
    TIMEOUT_MS,
  );

  it('is the same again with the same seed', async () => {
    const first = await new Interleaving(shared, 'once', seed, {}).run(STEPS);
    // The same one again, slower, because others run at the same time.
    const others = Array.from({ length: 64 }, (_, at) =>
      new Interleaving(shared, `again.${at}`, seed + at, {}).run(STEPS),
    );
    const [second] = await Promise.all(others);
    expect(second).toEqual(first);
    expect(first.trace.length).toBeGreaterThan(STEPS);
  });
});

describe('the model', () => {
  const red = async (switches: Switches) => {
    const tally = await runInterleavings({
      shared,
      prefix: 'broken',
      seed: RED_SEED,
      count: RUNS_UNTIL_RED,
      steps: STEPS,
      switches,
    });
    return tally.failure?.broken;
  };

  it('detects workers that are not fenced', async () => {
    const fence = "if job.attempt ~= attempt or job.token ~= token then return {'fenced', job.attempt} end";
    expect(await red(await broken(['append', 'finish'], { [fence]: '' }))).toMatch(
      /^(attempt \d+ writes nothing once|\d+ calls were made, \d+ counted)/,
    );
  });

  it('detects a terminal event that is written apart from the state', async () => {
    expect(await red({ stateApart: true })).toMatch('the record says running, the journal');
  });

  it('detects an append that is sent again and applied twice', async () => {
    const parts = {
      "if job.seq == after then return {'again', cancelFlag(job)} end": '',
      "if job.seq ~= before then return {'mismatch', job.seq} end": '',
    };
    expect(await red(await broken(['append', 'finish'], parts))).toMatch(/^event \d+ comes after/);
  });

  it('detects lost releases that are not handed over again', async () => {
    const parts = { 'due[#due + 1] = permit': '' };
    expect(await red(await broken(['permitsToCheck'], parts))).toMatch('every accepted job ends');
  });

  it('detects that no worker runs maintenance', async () => {
    expect(await red({ noMaintenance: true })).toMatch(/every accepted job ends|expired jobs leave the lists/);
  });

  it('detects a claim that does not raise the attempt number', async () => {
    expect(await red(await broken(['claim'], { "'attempt', int(job.attempt + 1)": "'attempt', job.attempt" }))).toMatch(
      'the attempt number rises',
    );
  });

  it('detects a claim that is sent again and counted twice', async () => {
    const parts = { "if job.status ~= 'running' or job.token ~= token then": 'if true then' };
    expect(await red(await broken(['claim'], parts))).toMatch('sent again');
  });

  it('detects readers that read before they have subscribed', async () => {
    expect(await red({ lateSubscribe: true })).toMatch('a reader');
  });

  it('detects completed steps that run again', async () => {
    expect(await red({ noReplay: true })).toMatch('a completed step makes no further call');
  });

  it('detects calls without a reservation', async () => {
    expect(await red({ noReserve: true })).toMatch('a run may cost no more than');
  });

  it('detects a job that ends and is not settled', async () => {
    const parts = { '\n  settleRun(job)': '' };
    expect(await red(await broken(['finish', 'cancel', 'dispatch'], parts))).toMatch('nothing is reserved for a job');
  });

  it('detects a job that is settled twice', async () => {
    const parts = { '\n  settleRun(job)': '\n  settleRun(job)\n  settleRun(job)' };
    expect(await red(await broken(['finish', 'cancel', 'dispatch'], parts))).toMatch('S5');
  });

  it('detects a job that ends and keeps its permit', async () => {
    const parts = { 'return remove(job.queue or job.lane, id, job.release, tenant)\nend': 'return {}\nend' };
    expect(await red(await broken(['finish'], parts))).toMatch('S3: a job that has ended frees its permit');
  });

  it('detects a job that waits while it holds a permit', async () => {
    const parts = { "redis.call('ZREM', backlog, id)": '' };
    expect(await red(await broken(['dispatch'], parts))).toMatch('S1: an open job is in one place');
  });

  it('detects a job that is retried and stays listed as failed', async () => {
    const parts = { "redis.call('ZREM', C .. 'failed', id)": '' };
    expect(await red(await broken(['retry'], parts))).toMatch('the list of failed jobs has exactly them');
  });

  it('detects a job that the list of all jobs lacks', async () => {
    const parts = { "redis.call('ZADD', C .. 'jobs', int(now), id)": '' };
    expect(await red(await broken(['submit'], parts))).toMatch('the list of all jobs has exactly them');
  });

  it('detects jobs that stay lost after the scheduler has lost its keys', async () => {
    const parts = { 'elseif not isPlaced(queue or lane, id, release, tenant) then': 'elseif false then' };
    expect(await red(await broken(['repair'], parts))).toMatch('S1: an open job is delayed, waits or holds a permit');
  });
});
