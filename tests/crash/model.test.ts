/**
 * The model test: random interleavings of everything that may happen to a job, judged against a model of the promises.
 *
 *   SEED=n         begins with interleaving n, which repeats it; default 1, and with MODEL_RUNS one that is drawn, and printed
 *   MODEL_RUNS=n   so many interleavings; default 2,000, `npm run model` runs 10,000
 *   MODEL_STEPS=n  so many steps in each, before the faults stop; part of what a seed repeats; default 24
 */
import { randomInt } from 'node:crypto';
import type { Logger } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, Script, untilReady } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OwnRedis, startOwnRedis } from '../../packages/redis/src/test-redis.ts';
import { Interleaving } from './model-interleaving.ts';
import { SharedRedis, type Switches } from './model-redis.ts';
import { runInterleavings } from './model-runs.ts';
import { holdTimers } from './model-timers.ts';
import { scripts } from './model-witness.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
/** The usual tests try the same ones each time: what is new is looked for by `npm run model`. */
const usualSeed = process.env.MODEL_RUNS ? randomInt(1, 2 ** 31) : 1;
const seed = Number(process.env.SEED ?? usualSeed);
const runs = Number(process.env.MODEL_RUNS ?? 2_000);
const STEPS = Number(process.env.MODEL_STEPS ?? 24);
/** The switches are seen red within so many; from a seed of their own, so that it isn't luck, and one that isn't far from any. */
const RUNS_UNTIL_RED = 4_000;
const RED_SEED = 322;

const met = [
  'accept 1',
  'accept 0',
  ...['claimed', 'ended'].map((kind) => `claim ${kind}`),
  ...['applied', 'again', 'fenced'].map((kind) => `append ${kind}`),
  ...['cancelled', 'requested', 'ended', 'missing'].map((kind) => `cancel ${kind}`),
  ...['queued', 'refused'].map((kind) => `rerun ${kind}`),
  ...['forgotten', 'refused', 'missing'].map((kind) => `forget ${kind}`),
  'renew renewed',
  ...['admitted', 'day'].map((kind) => `admit ${kind}`),
  ...['raised', 'day'].map((kind) => `raise ${kind}`),
  ...['0', '1'].flatMap((kind) => [`settle ${kind}`, `giveBack ${kind}`]),
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
  await Promise.all(connections.map((redis) => untilReady(redis, 5_000)));
  // Durability is not what is looked at here.
  await commands.config('SET', 'appendonly', 'no');
  await Promise.all(Object.values(scripts).map(({ lua }) => commands.script('LOAD', lua)));
  shared = new SharedRedis(commands, messages);
  freeTimers = holdTimers();
});

afterAll(async () => {
  freeTimers();
  await Promise.all(connections.map(disconnectRedis));
  await server.remove();
});

/** A script with a part of it taken out. */
async function without(script: Script, ...parts: string[]): Promise<ReadonlyMap<string, Script>> {
  let { lua } = script;
  for (const part of parts) {
    if (!lua.includes(part)) throw new Error(`the script has no "${part}" any more`);
    lua = lua.replace(part, '');
  }
  const broken = new Script(lua);
  await shared.commands.script('LOAD', lua);
  return new Map([[script.sha, broken]]);
}

function failureText({ seed: at, broken, trace }: { seed: number; broken: string; trace: string[] }): string {
  return `broken: ${broken}\nSEED=${at} repeats it:\n${trace.join('\n')}`;
}

describe('every interleaving', () => {
  it('keeps the promises', async () => {
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
    // What was never met was never proved.
    if (runs >= 10_000) expect(Object.keys(tally.replies)).toEqual(expect.arrayContaining(met));
  }, 180_000);

  it('is the same again with the same seed', async () => {
    const first = await new Interleaving(shared, 'once', seed, {}).run(STEPS);
    const second = await new Interleaving(shared, 'again', seed, {}).run(STEPS);
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

  it('sees workers that are not fenced off', async () => {
    const parts = ["if attempt ~= ARGV[1] or ticket ~= ARGV[8] then return {'fenced', attempt} end"];
    expect(await red({ scripts: await without(scripts.append, ...parts) })).toBeDefined();
  });

  it('sees a terminal event written apart from the state', async () => {
    expect(await red({ stateApart: true })).toBeDefined();
  });

  it('sees an append doubled that was sent again', async () => {
    const parts = [
      "if seq == ARGV[3] then return {'again', cancel and 1 or 0} end",
      "if seq ~= ARGV[2] then return {'mismatch', seq} end",
    ];
    expect(await red({ scripts: await without(scripts.append, ...parts) })).toBeDefined();
  });

  it('sees jobs that nobody sweeps up', async () => {
    expect(await red({ noSweeper: true })).toMatch('every accepted job ends');
  });

  it('sees a claim that raises no attempt', async () => {
    const lua = scripts.claim.lua.replace("'HINCRBY', KEYS[1], 'attempt', 1", "'HINCRBY', KEYS[1], 'attempt', 0");
    expect(lua).not.toBe(scripts.claim.lua);
    await shared.commands.script('LOAD', lua);
    expect(await red({ scripts: new Map([[scripts.claim.sha, new Script(lua)]]) })).toBeDefined();
  });

  it('sees a claim counted twice that was sent again', async () => {
    const lua = scripts.claim.lua.replace("if status ~= 'running' or ticket ~= ARGV[2] then", 'if true then');
    expect(lua).not.toBe(scripts.claim.lua);
    await shared.commands.script('LOAD', lua);
    expect(await red({ scripts: new Map([[scripts.claim.sha, new Script(lua)]]) })).toMatch('sent again');
  });

  it('sees readers that read before they have subscribed', async () => {
    expect(await red({ lateSubscribe: true })).toMatch('a reader');
  });

  it('sees completed steps that run again', async () => {
    expect(await red({ noRecall: true })).toMatch('a step that is completed makes no call again');
  });

  it("sees settlements that end a later run's reservation", async () => {
    const parts = ['if nonce ~= ARGV[2] then return 0 end'];
    expect(await red({ scripts: await without(scripts.settle, ...parts) })).toMatch('no run is settled twice');
  });

  it('sees what nobody settles', async () => {
    expect(await red({ noSettling: true })).toMatch('nothing is set aside once all jobs have ended');
  });

  it('sees calls that nothing is set aside for', async () => {
    expect(await red({ noRaise: true })).toMatch('a run may cost');
  });
});
