import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type NewTestJob, type OpenCell, openTestCell } from '../../testing/cell.ts';
import { ledger } from './ledger.ts';

let t: OpenCell;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(async () => {
  expect(await t.problems()).toEqual([]);
  await t.close();
});

const day = { dayBudget: 1_000 };
const submit = (tenant: string, estimate: number | '', limits: NewTestJob = day) =>
  t.submit({ tenant, estimate, ...limits });
const kind = async (tenant: string, estimate: number | '', limits: NewTestJob = day) =>
  (await submit(tenant, estimate, limits)).kind;
const spend = (tenant: string, spent: number) =>
  t.create({ tenant }).then((id) => t.run(id, { changes: { record: { spent } } }));

describe('a budget', () => {
  it('is never overrun by jobs that come at once', async () => {
    const all = await Promise.all(Array.from({ length: 500 }, () => kind('rush', 30)));
    expect(all.filter((one) => one === 'created')).toHaveLength(33);
    expect(await t.reserved('rush')).toBe(990);
  });

  it('counts what was spent and what is reserved, exactly, and says so when it refuses', async () => {
    for (let at = 0; at < 10; at += 1) {
      const { id } = await submit('exact', 300);
      await t.run(id, { changes: { record: { spent: 70 } } });
    }
    expect(await kind('exact', 100)).toBe('created');
    const refused = await submit('exact', 201);
    expect(refused).toMatchObject({ kind: 'refused', rest: ['day', '700', '100', expect.any(String), 'reserved'] });
    expect(Math.abs(Number(refused.rest[3]) - Date.now())).toBeLessThan(5_000);
    expect(await kind('exact', 200)).toBe('created');
    expect((await submit('exact', 100, { monthBudget: 900 })).rest.slice(0, 3)).toEqual(['month', '700', '300']);
  });

  it('of nothing admits nothing that costs something, and everything without a price', async () => {
    const none = { dayBudget: 0 };
    expect(await Promise.all([kind('broke', 1, none), kind('broke', '', none), kind('broke', 0, none)])).toEqual([
      'refused',
      'created',
      'created',
    ]);
  });

  it('starts at zero with the day and the month; what is still reserved still counts', async () => {
    const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    await t.redis.hset(t.keys.tenant('anew'), {
      day: ago(1).slice(0, 10),
      day_usd: 1_000,
      month: ago(32).slice(0, 7),
      month_usd: 1_000,
    });
    expect(await kind('anew', 600, { dayBudget: 1_000, monthBudget: 1_000 })).toBe('created');
    expect(await kind('anew', 600)).toBe('refused');
    await spend('anew', 5);
    const today = await t.date();
    const spent = { day: today, day_usd: '5', month: today.slice(0, 7), month_usd: '5' };
    expect(await t.tenant('anew')).toMatchObject(spent);
  });

  it('may grow and shrink at run time', async () => {
    expect(await kind('moving', 900)).toBe('created');
    expect(await kind('moving', 900)).toBe('refused');
    expect(await kind('moving', 900, { dayBudget: 2_000 })).toBe('created');
    expect(await kind('moving', 10)).toBe('refused');
  });
});

describe('why a budget refuses a job', () => {
  const why = async (tenant: string, estimate: number, limits: NewTestJob) => {
    const { rest } = await submit(tenant, estimate, limits);
    return [rest[0], rest[4]];
  };

  it('is what is only reserved, what is spent, or that the whole budget is smaller', async () => {
    await submit('told', 900, {});
    expect(await why('told', 200, { dayBudget: 1_000 })).toEqual(['day', 'reserved']);
    expect(await why('told', 1_001, { dayBudget: 1_000 })).toEqual(['day', 'budget']);
    await spend('told', 950);
    expect(await why('told', 200, { dayBudget: 1_000 })).toEqual(['day', 'spent']);
  });

  it('names the budget that refuses for longer', async () => {
    await submit('both', 40, {});
    await spend('both', 950);
    expect(await why('both', 200, { dayBudget: 1_000, monthBudget: 1_100 })).toEqual(['month', 'spent']);
    expect(await why('both', 200, { dayBudget: 1_000, monthBudget: 2_000 })).toEqual(['day', 'spent']);
    expect(await why('both', 200, { dayBudget: 150, monthBudget: 1_100 })).toEqual(['day', 'budget']);
    await submit('small', 900, {});
    expect(await why('small', 200, { dayBudget: 1_000, monthBudget: 1_000 })).toEqual(['month', 'reserved']);
  });
});

describe('the end of a run', () => {
  const costs = { spent: 250, open_cost: 30, input_tokens: 10, output_tokens: 5, calls: 2, avoided: 7 };

  it('moves what was reserved to what was spent, open calls included, exactly once', async () => {
    const { id } = await submit('once', 500);
    const attempt = await t.claim(id);
    const ends = Array.from({ length: 10 }, () => t.finish(attempt, { changes: { record: costs } }));
    const kinds = (await Promise.all(ends)).map(([one]) => one);
    expect(kinds.sort()).toEqual([...Array(9).fill('again'), 'applied']);
    await t.cancel(id);
    expect(await t.tenant('once')).toMatchObject({ reserved: '0', day_usd: '280', month_usd: '280' });
    const settled = { jobs: '1', usd: '280', input_tokens: '10', output_tokens: '5', calls: '2', avoided: '7' };
    expect(await t.today('once')).toEqual(settled);
    await t.delete(id);
    expect(await t.today('once')).toEqual(settled);
  });

  it('counts a job for which nothing was reserved', async () => {
    const { id } = await submit('unpriced', '');
    await t.run(id, { changes: { record: { spent: 250, calls: 1 } } });
    expect(await t.reserved('unpriced')).toBe(0);
    expect(await t.today('unpriced')).toMatchObject({ usd: '250', calls: '1', jobs: '1' });
  });

  it('keeps what was spent on a day for 400 days', async () => {
    await spend('kept', 1);
    const ttl = await t.redis.ttl(t.keys.day('kept', await t.date()));
    expect(ttl).toBeGreaterThan(399 * 86_400);
    expect(ttl).toBeLessThanOrEqual(400 * 86_400);
  });

  it('that comes late does not touch what a later run has reserved', async () => {
    const { id } = await submit('late', 500);
    const first = await t.claim(id);
    await t.finish(first, { status: 'failed', changes: { record: { spent: 100 } } });
    expect(await t.retry(id, { estimate: 400, ...day })).toMatchObject({ 0: 'queued' });
    expect((await t.finish({ ...first, seq: first.seq + 1 }))[0]).not.toBe('applied');
    expect(await t.tenant('late')).toMatchObject({ reserved: '400', day_usd: '100' });
  });

  it('counts at most what doubles hold exactly, never less than nothing, and fails over nothing', async () => {
    const { id } = await submit('huge', 5);
    await t.run(id, { changes: { record: { spent: '1e308', open_cost: '9223372036854775807', calls: '-3' } } });
    await spend('huge', Number.MAX_SAFE_INTEGER);
    expect(await t.tenant('huge')).toMatchObject({ reserved: '0', day_usd: String(Number.MAX_SAFE_INTEGER) });
    expect(await t.today('huge')).toMatchObject({ jobs: '2', calls: '0' });
  });
});

describe('what is reserved', () => {
  it('of a tenant is the sum over its open jobs (S2), however they end', async () => {
    const tenant = 'sum';
    const ids = await Promise.all([10, 20, 30, 40, 50].map(async (usd) => (await submit(tenant, usd)).id));
    const [done = '', back = '', cancelled = '', failed = ''] = ids;
    await t.run(done);
    await t.run(back, { status: 'queued' });
    await t.cancel(cancelled);
    await t.run(failed, { status: 'failed' });
    expect(await t.reserved(tenant)).toBe(70);
    await t.retry(failed, { estimate: 3 });
    await t.lua(
      [ledger],
      "local job = readRecord(ARGV[2], {'tenant', 'reserved'}) setReserved(job, 21) writeRecord(job)",
      [back],
    );
    expect(await t.reserved(tenant)).toBe(74);
    expect(await t.problems()).toEqual([]);
  });
});
