import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../testing/cell.ts';
import { checkLayout } from './layout.ts';

let t: OpenCell;
let databases = 0;
beforeAll(async () => {
  t = await openTestCell();
});
afterAll(() => t.close());

const newPrefix = () => `${t.cell.prefix}x${++databases}`;

describe('the layout of a database', () => {
  it('is marked by the first process that starts, and known to all later ones', async () => {
    const prefix = newPrefix();
    await Promise.all([checkLayout(t.redis, prefix), checkLayout(t.redis, prefix)]);
    const marked = await t.redis.get(`${prefix}:layout`);
    expect(marked).toBe('4');
    await checkLayout(t.redis, prefix);
    expect(await t.redis.get(`${prefix}:layout`)).toBe(marked);
  });

  it.each(['1', '3', '5'])('%s is refused: another version has written it, and it stays as it is', async (layout) => {
    const prefix = newPrefix();
    await t.redis.set(`${prefix}:layout`, layout);
    const refusal = { code: 'layout_unknown', message: expect.stringContaining('HOLDFAST_PREFIX') };
    await expect(checkLayout(t.redis, prefix)).rejects.toMatchObject(refusal);
    expect(await t.redis.get(`${prefix}:layout`)).toBe(layout);
  });

  it.each([
    ['open jobs', (prefix: string) => `${prefix}:open`],
    ['a queue', (prefix: string) => `{${prefix}-queue}::tenants`],
    ['swept jobs', (prefix: string) => `${prefix}:swept`],
  ])('is unknown where %s of an older version are left, and is not marked', async (_what, key) => {
    const prefix = newPrefix();
    await t.redis.set(key(prefix), 'something');
    await expect(checkLayout(t.redis, prefix)).rejects.toMatchObject({ code: 'layout_unknown' });
    expect(await t.redis.exists(`${prefix}:layout`)).toBe(0);
  });

  it('of another prefix is nobody’s business', async () => {
    const prefix = newPrefix();
    await t.redis.set(`${prefix}y:layout`, '1');
    await expect(checkLayout(t.redis, prefix)).resolves.toBeUndefined();
  });
});
