import { describe, expect, it } from '@jest/globals';
import { LookupCache } from './lookup-cache.ts';

function setUp(maxEntries = 3) {
  const state = { now: 0, lookUps: 0 };
  const cache = new LookupCache<string>({ hitMs: 3000, missMs: 1000, maxEntries, now: () => state.now });
  const get = (key: string, value: string | null = 'v') =>
    cache.get(key, async () => {
      state.lookUps += 1;
      return value;
    });
  return { state, cache, get };
}

describe('remembered look-ups', () => {
  it('are not repeated for 3 s when something was found', async () => {
    const { state, get } = setUp();
    await get('a');
    state.now = 2999;
    expect(await get('a', 'other')).toBe('v');
    expect(state.lookUps).toBe(1);
    state.now = 3000;
    expect(await get('a', 'other')).toBe('other');
  });

  it('are not repeated for 1 s when nothing was found', async () => {
    const { state, get } = setUp();
    await get('a', null);
    state.now = 999;
    expect(await get('a')).toBeNull();
    state.now = 1000;
    expect(await get('a')).toBe('v');
  });

  it('are shared while they are under way', async () => {
    const { state, get } = setUp();
    await Promise.all([get('a'), get('a'), get('a')]);
    expect(state.lookUps).toBe(1);
  });

  it('count from when the look-up began, not from when it was answered', async () => {
    const { state, cache, get } = setUp();
    let answer: (value: string) => void = () => undefined;
    const slow = cache.get('a', () => new Promise((resolve) => (answer = resolve)));
    state.now = 2500;
    answer('old');
    await slow;
    state.now = 3000;
    expect(await get('a', 'new')).toBe('new');
  });

  it('are removed at once when they fail', async () => {
    const { cache, get } = setUp();
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await get('a')).toBe('v');
  });

  it('are removed on demand', async () => {
    const { cache, get } = setUp();
    await get('a');
    cache.delete('a');
    expect(await get('a', 'again')).toBe('again');
  });

  it('never become more than the bound; the oldest goes first', async () => {
    const { state, cache, get } = setUp(3);
    for (const key of ['a', 'b', 'c', 'd']) await get(key);
    expect(cache.size).toBe(3);
    await get('d');
    expect(state.lookUps).toBe(4);
    await get('a');
    expect(state.lookUps).toBe(5);
  });
});
