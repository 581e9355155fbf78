import { describe, expect, it } from '@jest/globals';
import { mapBounded } from './map-bounded.ts';

describe('mapBounded', () => {
  it('works on so many items at once, and gives the results in order', async () => {
    let [running, most] = [0, 0];
    const results = await mapBounded([5, 1, 4, 2, 3], 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
      running -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  it('begins no other item once one has failed', async () => {
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      await Promise.resolve();
      if (item === 1) throw new Error('no');
    };
    await expect(mapBounded([1, 2, 3, 4, 5, 6], 2, work)).rejects.toThrow('no');
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun.length).toBeLessThan(5);
  });
});
