import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell, type TestAttempt } from '../testing/cell.ts';
import { scripts } from './scripts/index.ts';

let t: OpenCell;
beforeEach(async () => {
  t = await openTestCell();
});
afterEach(() => t.close());

/** The same walk for the same seed, so that what goes wrong goes wrong again. */
function diceOf(seed: number) {
  let state = seed;
  return (sides: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % sides;
  };
}

const LANES = ['x', 'y', '~followers'];

/** One step that a job, its worker or maintenance may take; null: there was nothing to take it with. */
type Step = (dice: (sides: number) => number, jobs: string[], attempts: TestAttempt[]) => Promise<unknown>;

const oneOf = <Item>(dice: (sides: number) => number, items: readonly Item[]) => items[dice(items.length || 1)];

const steps: Record<string, Step> = {
  async submit(dice, jobs) {
    const tenant = oneOf(dice, ['a', 'b', 'c']) ?? 'a';
    const { id, kind } = await t.submit({
      tenant,
      lane: LANES[dice(2)] ?? 'x',
      estimate: dice(50),
      dayBudget: 2_000,
      maxQueued: 12,
      delayMs: dice(3) === 0 ? 60_000 : '',
      deadlineMs: dice(3) === 0 ? 90_000 : '',
      priority: dice(5) - 2,
      ...(dice(3) === 0 ? { shared: `${tenant}${dice(2)}`, sharedTtlMs: 60_000 } : {}),
      runLimits: `${dice(4)} ${1 + dice(3)}`,
      areNewer: dice(2),
    });
    if (kind === 'created') jobs.push(id);
  },
  dispatch: (dice) => t.dispatch(LANES[dice(3)]),
  async claim(dice, jobs, attempts) {
    const id = oneOf(dice, jobs);
    const { status = '' } = id === undefined ? {} : await t.record(id);
    if (id !== undefined && ['queued', 'running'].includes(status)) attempts.push(await t.claim(id));
  },
  async append(dice, _jobs, attempts) {
    const one = oneOf(dice, attempts);
    if (one) await t.append(one, { record: { spent: dice(40), open_cost: dice(10) } });
  },
  async finish(dice, _jobs, attempts) {
    const one = oneOf(dice, attempts);
    const status = oneOf(dice, ['completed', 'failed', 'cancelled', 'queued', 'queued']) ?? 'failed';
    if (one) await t.finish(one, { status, delayMs: dice(2) * 60_000, leavesQueue: dice(2) === 0 });
  },
  async reserve(dice, _jobs, attempts) {
    const one = oneOf(dice, attempts);
    if (one) await scripts.reserve.run(t.cell, [one.id, one.attempt, one.token, dice(200), dice(30), 2_000, '']);
  },
  cancel: async (dice, jobs) => t.cancel(oneOf(dice, jobs) ?? 'none'),
  retry: async (dice, jobs) => t.retry(oneOf(dice, jobs) ?? 'none', { estimate: dice(50), dayBudget: 900 }),
  delete: async (dice, jobs) => t.delete(oneOf(dice, jobs) ?? 'none'),
  async handOverAgain(dice, jobs) {
    const id = oneOf(dice, jobs) ?? 'none';
    const { release = '' } = await t.record(id);
    await scripts.handOverAgain.run(t.cell, [id, release, '', dice(2) === 0 ? '' : (LANES[dice(2)] ?? '')]);
  },
  async checkPermits(dice) {
    const lane = LANES[dice(3)] ?? 'x';
    for (const name of await t.redis.zrange(t.keys.sched('permits', lane), '0', '-1')) {
      await t.redis.zadd(t.keys.sched('permits', lane), 1, name);
    }
    await scripts.permitsToCheck.run(t.cell, [lane, 5_000, 100]);
  },
  async passDeadlines(dice) {
    const lane = LANES[dice(3)] ?? 'x';
    const [id] = await t.redis.zrange(t.keys.sched('deadlines', lane), '0', '0');
    if (id !== undefined) await t.redis.zadd(t.keys.sched('deadlines', lane), 1, id);
    await t.dispatch(lane);
  },
  async lose(dice) {
    if (dice(4) > 0) return;
    await t.loseScheduler();
    let end: [string, string] = ['', ''];
    do {
      const [time, id] = (await scripts.repair.run(t.cell, [...end, 3])) as [string, string];
      end = [time, id];
    } while (end[1] !== '');
    await t.redis.del(t.keys.jobs, t.keys.failed);
    await t.list(3);
    for (const lane of LANES) await t.announce(3, lane);
  },
};

describe('steps in any order', () => {
  it.each([1, 2, 3, 4, 5, 6])('leave every job in one place, and the sums right: %i', async (seed) => {
    const dice = diceOf(seed * 7_919);
    const [jobs, attempts]: [string[], TestAttempt[]] = [[], []];
    const taken: string[] = [];
    for (const lane of LANES) await t.announce(3, lane);
    for (let step = 0; step < 300; step += 1) {
      const name = oneOf(dice, ['submit', 'claim', 'finish', 'dispatch', ...Object.keys(steps)]) ?? 'submit';
      taken.push(name);
      await steps[name]?.(dice, jobs, attempts);
      const problems = await t.problems();
      if (problems.length > 0)
        throw new Error(`${problems.join('; ')}, after step ${step}: ${taken.slice(-5).join(', ')}`);
    }
    expect(jobs.length).toBeGreaterThan(10);
  });
});
