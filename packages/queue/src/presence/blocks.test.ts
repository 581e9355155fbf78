import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openTestLane, type TestLane } from '../../testing/queue.ts';
import { countBlock, readBlocks } from './blocks.ts';

let t: TestLane;
beforeAll(async () => {
  t = await openTestLane();
});
afterAll(() => t.close());

it('blocks are counted by task, over all processes', async () => {
  expect(await readBlocks(t.redis, t.prefix)).toEqual([]);
  await countBlock(t.redis, t.prefix, { task: 'sum.up', ms: 2_100.6 });
  await countBlock(t.redis, t.prefix, { task: '~none', ms: 3_000 });
  await countBlock(t.redis, t.prefix, { task: 'sum.up', ms: 4_000 });
  const blocks = await readBlocks(t.redis, t.prefix);
  expect(blocks.sort((one, other) => one.times - other.times)).toEqual([
    { task: '~none', times: 1, ms: 3_000 },
    { task: 'sum.up', times: 2, ms: 6_101 },
  ]);
});
