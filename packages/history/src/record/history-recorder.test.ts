import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { endedJob, openTestHistory, type TestHistory } from '../../testing/history.ts';
import { caps } from '../buckets.ts';
import { readHistory } from '../read/read-history.ts';
import { readTenantHistory, readTenantTotals } from '../read/read-tenants.ts';
import { flushScript } from '../scripts.ts';

let t: TestHistory;
beforeEach(async () => {
  t = await openTestHistory();
});
afterEach(() => t.close());

const totals = async () => (await readHistory(t.redis, t.prefix, '1h')).totals;

describe('what processes count', () => {
  it('is added up over all of them, by what it was', async () => {
    const [one, other] = [(await t.recorder()).recorder, (await t.recorder()).recorder];
    one.submitted('acme', 'submitted');
    one.submitted('acme', 'submitted');
    other.submitted('acme', 'replayed');
    other.refused('acme', 'throttled');
    one.waited('default', 0.2);
    one.firstText('default', 1);
    one.called('acme', 'gpt');
    one.used({ tenant: 'acme', model: 'gpt', inputTokens: 10, outputTokens: 20, usd: 0.5 });
    one.ended(endedJob);
    other.ended({ ...endedJob, outcome: 'failed', code: 'provider_timeout', provider: 'main' });
    other.ended({ ...endedJob, outcome: 'cancelled', lane: 'slow', seconds: 100 });
    other.retried('default');
    other.resumed();
    other.copied('acme', 0.25);
    await Promise.all([one.flush(), other.flush()]);
    expect(await totals()).toMatchObject({
      submitted: 2,
      replayed: 1,
      refused: 1,
      refusals: [{ code: 'throttled', count: 1 }],
      completed: 1,
      failed: 1,
      cancelled: 1,
      retried: 1,
      resumedCalls: 1,
      copied: 1,
      avoidedUsd: 0.25,
      calls: 1,
      inputTokens: 10,
      outputTokens: 20,
      costUsd: 0.5,
      failures: [{ lane: 'default', code: 'provider_timeout', provider: 'main', count: 1 }],
      models: [{ name: 'gpt', calls: 1, inputTokens: 10, outputTokens: 20, costUsd: 0.5 }],
    });
    const { lanes } = await totals();
    expect(lanes).toMatchObject([
      { name: 'default', completed: 1, failed: 1, cancelled: 0, retried: 1 },
      { name: 'slow', completed: 0, cancelled: 1, queueWait: { p50: null, p95: null } },
    ]);
    expect(lanes[1]?.total.p50).toBeGreaterThan(90);
  });

  it('is kept by tenant as well', async () => {
    const { recorder } = await t.recorder();
    recorder.submitted('acme', 'submitted');
    recorder.used({ tenant: 'acme', model: 'gpt', inputTokens: 1, outputTokens: 2, usd: 0.1 });
    recorder.used({ tenant: 'big', model: 'gpt', inputTokens: 1, outputTokens: 2, usd: 7 });
    recorder.ended({ ...endedJob, tenant: 'big' });
    await recorder.flush();
    const all = await readTenantTotals(t.redis, t.prefix, '24h');
    expect(all).toMatchObject([
      { tenant: 'big', completed: 1, submitted: 0, costUsd: 7 },
      { tenant: 'acme', completed: 0, submitted: 1, costUsd: 0.1 },
    ]);
    for (const range of ['1h', '24h', '7d', '30d'] as const) {
      const own = await readTenantHistory(t.redis, t.prefix, 'acme', range);
      expect(own.totals).toMatchObject({ submitted: 1, inputTokens: 1, outputTokens: 2, costUsd: 0.1 });
      expect(own.points.at(-1)).toMatchObject({ submitted: 1 });
    }
  });

  it('has names that are anything at all', async () => {
    const { recorder } = await t.recorder();
    const names = ['vendor/model:free', 'two words', '100%', 'ü\t🙂', '', 'x'.repeat(128), '~other', '~model'];
    for (const name of names) recorder.called('acme', name);
    await recorder.flush();
    const shown = (await totals()).models.map(({ name }) => name);
    expect(shown.sort()).toEqual(names.map((name) => name || '-').sort());
  });
});

describe('a flush', () => {
  it('is counted once, however often it is sent', async () => {
    const base = t.key('');
    const send = (number: number, count: number) =>
      flushScript.run(
        t.redis,
        [t.key('rolled')],
        [base, 'one', number, 2, 'submits', `0:${count}`, 'tenant acme', '0:1'],
      );
    expect([await send(1, 5), await send(1, 5), await send(2, 7), await send(1, 5), await send(2, 7)]).toEqual([
      1, 0, 1, 0, 0,
    ]);
    expect((await totals()).submitted).toBe(12);
    expect((await readTenantTotals(t.redis, t.prefix, '1h'))[0]).toMatchObject({ tenant: 'acme', submitted: 2 });
  });

  it('that Redis did not take is sent with the next one, and nothing is lost', async () => {
    const { recorder, redis } = await t.recorder();
    recorder.submitted('acme', 'submitted');
    redis.disconnect();
    await recorder.flush();
    recorder.submitted('acme', 'submitted');
    await recorder.flush();
    expect((await totals()).submitted).toBe(0);
    await redis.connect();
    await recorder.close();
    expect((await totals()).submitted).toBe(2);
  });

  it('at the end of a process takes 2 s at most, also where Redis does not answer', async () => {
    const { recorder, redis } = await t.recorder();
    redis.disconnect();
    recorder.submitted('acme', 'submitted');
    await recorder.close();
    expect((await totals()).submitted).toBe(0);
  });

  it('of thousands of names goes in pieces', async () => {
    const { recorder } = await t.recorder();
    for (let at = 0; at < 900; at += 1) recorder.submitted(`tenant-${at}`, 'submitted');
    await recorder.flush();
    expect((await totals()).submitted).toBe(900);
    expect(await readTenantTotals(t.redis, t.prefix, '1h')).toHaveLength(900);
  });

  it('costs a job no command: a thousand jobs are one script', async () => {
    const { recorder } = await t.recorder();
    for (let at = 0; at < 1_000; at += 1) recorder.ended(endedJob);
    await recorder.flush();
    expect((await totals()).completed).toBe(1_000);
    const [flushed = ''] = await t.redis.keys(t.key('flushed:*'));
    expect(await t.redis.get(flushed)).toBe('1');
  });
});

describe('a bucket', () => {
  it('has so many models, refusals, failures and tenants at most, whatever number of processes name others', async () => {
    for (let process = 0; process < 3; process += 1) {
      const { recorder } = await t.recorder();
      for (let at = 0; at < 500; at += 1) {
        recorder.called(`tenant-${process}-${at}`, `model-${process}-${at}`);
        recorder.refused('acme', `code-${process}-${at}`);
        recorder.ended({ ...endedJob, outcome: 'failed', code: `code-${process}-${at}` });
      }
      await recorder.flush();
    }
    const { models, refusals, failures, calls, refused, failed } = await totals();
    expect([calls, refused, failed]).toEqual([1_500, 1_500, 1_500]);
    expect(models).toHaveLength((caps.model ?? 0) + 1);
    expect(refusals).toHaveLength((caps.refused ?? 0) + 1);
    expect(failures).toHaveLength((caps.failed ?? 0) + 1);
    expect(models.find(({ name }) => name === '~other')?.calls).toBe(1_500 - (caps.model ?? 0));
    const tenants = await readTenantTotals(t.redis, t.prefix, '1h');
    expect(tenants).toHaveLength((caps.tenant ?? 0) + 1);
    expect(tenants.reduce((sum, { calls: own }) => sum + own, 0)).toBe(1_500);
  });

  it('goes after its time', async () => {
    const { recorder } = await t.recorder();
    recorder.submitted('acme', 'submitted');
    await recorder.flush();
    const [minute, hour] = await Promise.all([
      t.redis.ttl(t.key('minute', await t.number('minute'))),
      t.redis.ttl(t.key('tenants-hour', await t.number('tenants-hour'))),
    ]);
    expect(minute).toBeGreaterThan(47 * 3_600);
    expect(minute).toBeLessThanOrEqual(48 * 3_600);
    expect(hour).toBeGreaterThan(34 * 86_400);
    expect(hour).toBeLessThanOrEqual(35 * 86_400);
  });
});
