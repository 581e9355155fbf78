import { describe, expect, it } from '@jest/globals';
import { inOneMinute, type TestHistory } from '../testing/history.ts';
import { readHistory } from './read/read-history.ts';
import { readTenantTotals } from './read/read-tenants.ts';
import { rollUp } from './roll-up.ts';
import { flushScript } from './scripts.ts';

let t: TestHistory;

/** A test that no passing minute disturbs. */
function test(name: string, play: () => Promise<void>): void {
  it(name, () =>
    inOneMinute(async (history) => {
      t = history;
      await t.begin(2_880);
      await play();
    }),
  );
}

/** A submit in each minute of three hours, and in the one that isn't over. */
async function writeMinutes(): Promise<number> {
  const minutes = Array.from({ length: 181 }, (_, ago) => ago);
  await Promise.all(minutes.map((ago) => t.write('minute', ago, 'submits', [0, 1])));
  return minutes.length;
}

/** What buckets of a kind hold together. */
async function submitsIn(kind: string): Promise<number> {
  const keys = (await t.redis.keys(t.key(`${kind}:*`))).filter((key) => !key.includes('tenants'));
  const values = await Promise.all(keys.map((key) => t.redis.hget(key, 'submits')));
  return values.reduce((sum, value) => sum + Number(/^0:(\d+)/.exec(value ?? '')?.[1] ?? 0), 0);
}

const submitted = async (range: '1h' | '24h' | '7d' | '30d') =>
  (await readHistory(t.redis, t.prefix, range)).totals.submitted;

describe('rolling up', () => {
  test('adds each minute that is over to its quarter, each such quarter to its hour, each such hour to its day, once', async () => {
    const all = await writeMinutes();
    await rollUp(t.redis, t.prefix);
    await rollUp(t.redis, t.prefix);
    const [minute, quarter] = [await t.number('minute'), await t.number('quarter')];
    const over = await submitsIn('quarter');
    expect(over).toBe(all - 1);
    expect(await submitsIn('hour')).toBe(over - (minute % 15));
    expect(await submitsIn('day')).toBe(over - (minute % 15) - (quarter % 4) * 15);
  });

  test('changes nothing of what readers see', async () => {
    const all = await writeMinutes();
    await t.write('minute', 2, 'wait default', [20, 4]);
    const before = await readHistory(t.redis, t.prefix, '24h');
    expect([before.totals.submitted, await submitted('7d'), await submitted('30d')]).toEqual([all, all, all]);
    await rollUp(t.redis, t.prefix);
    const after = await readHistory(t.redis, t.prefix, '24h');
    expect(after.totals).toEqual(before.totals);
    expect([await submitted('7d'), await submitted('30d')]).toEqual([all, all]);
    expect((await readHistory(t.redis, t.prefix, '1h')).totals.submitted).toBe(60);
  });

  test('by several processes at once, of which one breaks off in the middle, counts nothing twice and nothing never', async () => {
    const all = await writeMinutes();
    const { redis: dying } = await t.recorder();
    const { redis: other } = await t.recorder();
    const broken = rollUp(dying, t.prefix).catch(() => 'broken');
    const whole = rollUp(other, t.prefix);
    const first = await t.number('minute', 180);
    while (Number(await t.redis.hget(t.key('rolled'), 'minute')) <= first);
    dying.disconnect();
    await Promise.all([broken, whole]);
    await rollUp(t.redis, t.prefix);
    expect(await submitsIn('quarter')).toBe(all - 1);
    expect([await submitted('24h'), await submitted('7d')]).toEqual([all, all]);
  });

  test('skips times in which nothing was counted, as after two days without a worker', async () => {
    await t.write('minute', 2_870, 'submits', [0, 3]);
    await t.write('minute', 1, 'submits', [0, 4]);
    await rollUp(t.redis, t.prefix);
    expect(await submitted('7d')).toBe(7);
    expect(Number(await t.redis.hget(t.key('rolled'), 'minute'))).toBeGreaterThanOrEqual(
      (await t.number('minute')) - 1,
    );
  });

  test('keeps the caps, and counts the names of a bucket anew', async () => {
    for (let minute = 1; minute <= 3; minute += 1) {
      for (let at = 0; at < 40; at += 1) await t.write('minute', minute, `model m-${minute}-${at}`, [0, 1]);
      await t.write('minute', minute, '~model', [0, 40]);
    }
    await rollUp(t.redis, t.prefix);
    const { models, calls } = (await readHistory(t.redis, t.prefix, '30d')).totals;
    expect(calls).toBe(120);
    // Three minutes are of two quarters at most.
    expect(models.length).toBeLessThanOrEqual(2 * 51);
  });

  test('of tenants goes from hours to days', async () => {
    await t.write('tenants-hour', 1, 'tenant acme', [0, 2]);
    await t.write('tenants-hour', 0, 'tenant acme', [0, 3]);
    expect((await readTenantTotals(t.redis, t.prefix, '7d'))[0]).toMatchObject({ tenant: 'acme', submitted: 5 });
    await rollUp(t.redis, t.prefix);
    expect((await readTenantTotals(t.redis, t.prefix, '7d'))[0]).toMatchObject({ tenant: 'acme', submitted: 5 });
    const day = await t.redis.hget(
      t.key('tenants-day', Math.floor((await t.number('tenants-hour', 1)) / 24)),
      'tenant acme',
    );
    expect(day).toBe('0:2');
  });
});

describe('the first flush of all', () => {
  test('says where rolling up has to begin: nothing older is looked for', async () => {
    await t.redis.del(t.key('rolled'));
    await rollUp(t.redis, t.prefix);
    expect(await t.redis.exists(t.key('rolled'))).toBe(0);
    await flushScript.run(t.redis, [t.key('rolled')], [t.key(''), 'one', 1, 2, 'submits', '0:5']);
    const rolled = await t.redis.hgetall(t.key('rolled'));
    expect(Object.keys(rolled).sort()).toEqual(['hour', 'minute', 'quarter', 'tenants-hour']);
    expect(Number(rolled.minute)).toBeGreaterThanOrEqual(await t.number('minute', 1));
    expect(Number(rolled['tenants-hour'])).toBeGreaterThanOrEqual(await t.number('tenants-hour', 1));
  });
});

describe('a clock that was set back', () => {
  test('leaves what was rolled up as it is: what is counted then goes into the next minute', async () => {
    const ahead = (await t.number('minute')) + 30;
    await t.redis.hset(t.key('rolled'), 'minute', ahead);
    await flushScript.run(t.redis, [t.key('rolled')], [t.key(''), 'one', 1, 2, 'submits', '0:5']);
    expect(await t.redis.hget(t.key('minute', ahead), 'submits')).toBe('0:5');
    await rollUp(t.redis, t.prefix);
    expect(await t.redis.hget(t.key('rolled'), 'minute')).toBe(String(ahead));
  });
});
