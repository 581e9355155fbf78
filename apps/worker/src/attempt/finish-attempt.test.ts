/** What a run has cost, and that its end and its settlement are one write. Prices and reservations: `cost/budget-reservation.test.ts`. */
import { toUsd } from '@holdfast/core';
import { reportUsage } from '@holdfast/gate';
import { FlushClock } from '@holdfast/journal';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aborted, cancelled, completed, openTestWorker, silent, type TestWorker, until } from '../../testing/worker.ts';

/** `sim` costs a dollar a token, either way: three and two of them make $5. */
const prices = { sim: { input_usd_per_million: 1e6, output_usd_per_million: 1e6 } };
let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
afterAll(() => t.close());

/** A job for which $5,000 are reserved: its call may cost $4,112. */
const submit = (mode: string) => t.submit(mode, { estimateUsd: 5_000 });

async function spentAndReserved(): Promise<[number, number]> {
  const { day, reserved_usd } = await reportUsage(t.deps.ledger, 'acme', {}, {});
  return [day.spent_usd, reserved_usd];
}

describe('the end of a job', () => {
  it('moves what was reserved to what it has cost, once', async () => {
    const [spent] = await spentAndReserved();
    const jobId = await submit('answer');
    expect(await spentAndReserved()).toEqual([spent, 5_000]);
    expect(await t.run(jobId, { deps: { prices } })).toEqual(completed);
    expect((await t.job(jobId)).usage).toMatchObject({ cost_usd: 5 });
    expect(await spentAndReserved()).toEqual([spent + 5, 0]);
    expect(await t.run(jobId, { deps: { prices } })).toEqual({ kind: 'ended' });
    expect(await spentAndReserved()).toEqual([spent + 5, 0]);
  });

  it('is counted once, and ends the job once, where the reply to it is lost', async () => {
    const [spent] = await spentAndReserved();
    const jobId = await submit('answer');
    const lost: unknown[] = [];
    const durably: ConstructorParameters<typeof FlushClock>[0]['durably'] = async (write) => {
      const reply = await write(t.redis);
      const { status } = await t.job(jobId);
      if (status !== 'completed' || lost.push(reply) > 1) return reply;
      throw new Error('the reply was lost');
    };
    const clock = new FlushClock({ journal: t.journal, logger: silent, durably, retryMs: 1 });
    expect(await t.run(jobId, { deps: { prices, clock } })).toEqual(completed);
    expect(lost.length).toBeGreaterThan(1);
    expect((await t.types(jobId)).filter((type) => type === 'job.completed')).toHaveLength(1);
    expect(await spentAndReserved()).toEqual([spent + 5, 0]);
  });

  it('leaves what is reserved for other jobs alone', async () => {
    const [spent] = await spentAndReserved();
    const other = await t.submit('answer', { estimateUsd: 7 });
    await t.run(await submit('answer'), { deps: { prices } });
    expect(await spentAndReserved()).toEqual([spent + 5, 7]);
    await t.journal.cancel(other);
    expect(await spentAndReserved()).toEqual([spent + 5, 0]);
  });

  it('counts the open call where a cancel came while the job was on its way back to the queue', async () => {
    const [spent] = await spentAndReserved();
    let jobId = '';
    t.modes.unheard = async function* ({ signal }) {
      yield { kind: 'text', text: 'so far' };
      await until('the text is journaled', async () => (await t.types(jobId)).includes('text.delta'));
      await t.journal.cancel(jobId);
      t.deps.running.drain();
      await aborted(signal);
    };
    jobId = await submit('unheard');
    expect(await t.run(jobId, { deps: { prices } })).toEqual(cancelled);
    const [now, reserved] = await spentAndReserved();
    expect(now - spent).toBeGreaterThan(4_096);
    expect(reserved).toBe(0);
  });
});

describe('what a job that does not complete has cost', () => {
  it.each([
    ['refuse', 'failed', null],
    ['cut', 'queued', expect.any(Number)],
    ['limit', 'queued', null],
  ])('by mode %s', async (mode, status, usd) => {
    const jobId = await t.submit(mode);
    await t.run(jobId, { deps: { prices } });
    expect((await t.job(jobId)).status).toBe(status);
    const { record, calls } = t.journal.keysOf(jobId);
    const [spent, openCost] = await t.redis.hmget(record, 'spent', 'open_cost');
    expect([spent && Number(spent), openCost, await t.redis.hget(calls, 'call:')]).toEqual([usd, '0', null]);
  });

  it('is in the record while the call is under way, so that a vanished worker costs what it may have cost', async () => {
    const [spentBefore] = await spentAndReserved();
    const jobId = await t.submit('wait');
    const lost = new AbortController();
    const run = t.run(jobId, { deps: { prices }, lockLost: lost.signal });
    const { record, calls } = t.journal.keysOf(jobId);
    await until('the call is under way', async () => (await t.types(jobId)).includes('text.delta'));
    const { cost: mayCost } = JSON.parse((await t.redis.hget(calls, 'call:')) ?? '') as { cost: number };
    expect(mayCost).toBeGreaterThan(4_096);
    expect(toUsd(Number(await t.redis.hget(record, 'open_cost')))).toBe(mayCost);
    lost.abort();
    expect(await run).toEqual({ kind: 'lost' });

    const next = t.run(jobId, { deps: { prices } });
    await until(
      'the next call is under way',
      async () => (await t.types(jobId)).filter((type) => type === 'text.delta').length === 2,
    );
    const [spent, counted] = await t.redis.hmget(record, 'spent', 'calls');
    expect([toUsd(Number(spent)), counted]).toEqual([mayCost, '2']);
    const stopListening = await t.deps.running.listen(t.journal, t.feed);
    await t.journal.cancel(jobId);
    expect(await next).toEqual(cancelled);
    stopListening();
    const { cost_usd: cost } = (await t.job(jobId)).usage ?? {};
    expect(cost).toBeGreaterThan(mayCost);
    expect(cost).toBeLessThan(2 * mayCost);
    expect((await spentAndReserved())[0]).toBeCloseTo(spentBefore + (cost ?? 0), 6);
  });

  it('counts what an open call may have cost, of a job that is cancelled while no worker has it', async () => {
    const [spentBefore, reservedBefore] = await spentAndReserved();
    const jobId = await submit('wait');
    const run = t.run(jobId, { deps: { prices } });
    await until('the call is under way', async () => (await t.types(jobId)).includes('text.delta'));
    const { calls } = t.journal.keysOf(jobId);
    const { cost: mayCost } = JSON.parse((await t.redis.hget(calls, 'call:')) ?? '') as { cost: number };
    t.deps.running.drain();
    expect(await run).toMatchObject({ kind: 'deferred' });
    expect(await t.journal.cancel(jobId)).toMatchObject({ kind: 'cancelled' });
    expect(await spentAndReserved()).toEqual([spentBefore + mayCost, reservedBefore]);
  });
});
