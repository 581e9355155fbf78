import { createTenants, Ledger, reportUsage } from '@holdfast/gate';
import { readRunCost } from '@holdfast/journal';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { settleEndedJobs } from './settle-ended-jobs.ts';
import { aborted, openTestWorker, silent, type TestWorker, until } from './test-worker.ts';

/** `sim` costs a dollar a token, either way: three and two of them make $5. */
const prices = { sim: { input_usd_per_million: 1e6, output_usd_per_million: 1e6 } };
let t: TestWorker;
let ledger: Ledger;

beforeAll(async () => {
  t = await openTestWorker();
  // No lease: every reservation may be looked after at once.
  ledger = new Ledger({ redis: t.redis, prefix: t.journal.prefix, leaseMs: 0 });
  await createTenants({ redis: t.redis, prefix: t.journal.prefix }).put('acme', {});
});
afterAll(() => t.close());

/** A job that was let in with $5,000: its call may cost $4,112. */
async function accept(mode: string): Promise<string> {
  const jobId = await t.accept(mode);
  await t.letIn(jobId, 5_000, ledger);
  return jobId;
}

/** As a worker that vanishes once the end is in the journal. */
function vanishBeforeSettling(): Ledger {
  const gone = new Ledger({ redis: t.redis, prefix: t.journal.prefix });
  gone.settle = () => Promise.reject(new Error('killed here'));
  return gone;
}

const settle = () =>
  settleEndedJobs({
    journal: t.journal,
    ledger,
    tenants: createTenants({ redis: t.redis, prefix: t.journal.prefix }),
    logger: silent,
  });

async function spentAndReserved(): Promise<[number, number]> {
  const { day, reserved_usd } = await reportUsage(ledger, 'acme', {}, {});
  return [day.spent_usd, reserved_usd];
}

describe('settling', () => {
  it('is done by the worker that ends the job, once', async () => {
    const [spent] = await spentAndReserved();
    const jobId = await accept('answer');
    await t.run(jobId, { parts: { ledger, prices } });
    expect((await t.job(jobId)).usage).toMatchObject({ cost_usd: 5 });
    expect(await spentAndReserved()).toEqual([spent + 5, 0]);
    expect(await settle()).toBe(0);
    expect(await spentAndReserved()).toEqual([spent + 5, 0]);
  });

  it('is done later for a worker that vanished between the end and the settlement', async () => {
    const [spent] = await spentAndReserved();
    const jobId = await accept('answer');
    expect(await t.run(jobId, { parts: { ledger: vanishBeforeSettling(), prices } })).toEqual({ kind: 'completed' });
    expect(await spentAndReserved()).toEqual([spent, 5_000]);
    expect(await settle()).toBe(1);
    expect(await spentAndReserved()).toEqual([spent + 5, 0]);
  });

  it('gives back what was set aside for a job that was never accepted, and leaves one that goes on alone', async () => {
    const [spent] = await spentAndReserved();
    const goesOn = await accept('answer');
    await ledger.admit('acme', 'job_never', 7, {});
    expect(await spentAndReserved()).toEqual([spent, 5_007]);
    expect(await settle()).toBe(1);
    expect(await spentAndReserved()).toEqual([spent, 5_000]);
    await t.run(goesOn, { parts: { ledger, prices } });
    expect(await spentAndReserved()).toEqual([spent + 5, 0]);
  });

  it('goes by the record where a cancel came while the job was on its way back to the queue', async () => {
    const [spent] = await spentAndReserved();
    let jobId = '';
    t.modes.unheard = async function* ({ signal }) {
      yield { kind: 'text', text: 'so far' };
      await t.journal.cancel(jobId);
      t.parts.running.drain();
      await aborted(signal);
    };
    jobId = await accept('unheard');
    expect(await t.run(jobId, { parts: { ledger, prices } })).toEqual({ kind: 'cancelled' });
    const run = await readRunCost(t.journal, jobId);
    expect(run?.spend.usd).toBeGreaterThan(4_096);
    expect(await spentAndReserved()).toEqual([spent + (run?.spend.usd ?? 0), 0]);
  });

  it('is one process at a time', async () => {
    const lock = `${t.journal.prefix}:settling`;
    await t.redis.set(lock, '1');
    expect(await settle()).toBeNull();
    await t.redis.del(lock);
    expect(await settle()).toBe(0);
  });
});

describe('what a job that does not complete has cost', () => {
  it.each([
    ['refuse', 'failed', null],
    ['cut', 'queued', expect.any(Number)],
    ['limit', 'queued', null],
  ])('by mode %s', async (mode, status, usd) => {
    const jobId = await t.accept(mode);
    await t.run(jobId, { parts: { prices } });
    expect((await t.job(jobId)).status).toBe(status);
    const { record } = t.journal.keysOf(jobId);
    const [spent, open] = await t.redis.hmget(record, 'spent', 'call:');
    expect([JSON.parse(spent ?? '').usd, open]).toEqual([usd, '']);
  });

  it('is in the record while the call is under way, so that a vanished worker costs what it may have cost', async () => {
    const jobId = await t.accept('wait');
    const lost = new AbortController();
    const run = t.run(jobId, { parts: { prices }, lockLost: lost.signal });
    const { record } = t.journal.keysOf(jobId);
    await until('the call is under way', async () => (await t.types(jobId)).includes('text.delta'));
    const { cost: mayCost } = JSON.parse((await t.redis.hget(record, 'call:')) ?? '') as { cost: number };
    expect(mayCost).toBeGreaterThan(4_096);
    lost.abort();
    expect(await run).toEqual({ kind: 'lost' });

    const next = t.run(jobId, { parts: { prices } });
    await until(
      'the next call is under way',
      async () => (await t.types(jobId)).filter((type) => type === 'text.delta').length === 2,
    );
    expect(JSON.parse((await t.redis.hget(record, 'spent')) ?? '')).toMatchObject({ usd: mayCost, calls: 2 });
    const stopListening = await t.parts.running.listen(t.journal, t.feed);
    await t.journal.cancel(jobId);
    expect(await next).toEqual({ kind: 'cancelled' });
    stopListening();
    const { cost_usd: cost } = (await t.job(jobId)).usage ?? {};
    expect(cost).toBeGreaterThan(mayCost);
    expect(cost).toBeLessThan(2 * mayCost);
  });
});
