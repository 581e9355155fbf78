import type { Caller } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KeyWatch } from './key-watch.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const caller: Caller = { tenant: 'acme', keyId: 'k', scopes: ['read'], tasks: null };

function setUp() {
  const state = { looks: [] as string[], answer: async (): Promise<Caller | null> => caller };
  const watch = new KeyWatch((apiKey) => {
    state.looks.push(apiKey);
    return state.answer();
  });
  return { state, watch };
}

describe('watching keys', () => {
  it('looks once a second at a key, however many streams it has open', async () => {
    const { state, watch } = setUp();
    const unfollow = Array.from({ length: 100 }, () => watch.follow('a', () => undefined));
    unfollow.push(watch.follow('b', () => undefined));
    await jest.advanceTimersByTimeAsync(3_000);
    expect(state.looks).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    for (const stop of unfollow) stop();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('notifies all streams of a revoked key, and no streams of other keys', async () => {
    const { state, watch } = setUp();
    const notified: string[] = [];
    for (const name of ['one', 'two']) watch.follow('a', () => void notified.push(name));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(notified).toEqual([]);
    state.answer = async () => null;
    watch.follow('b', () => undefined)();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(notified).toEqual(['one', 'two']);
  });

  it('takes a look that fails for no answer', async () => {
    const { state, watch } = setUp();
    const notified: string[] = [];
    watch.follow('a', () => void notified.push('one'));
    state.answer = () => Promise.reject(new Error('Redis is away'));
    await jest.advanceTimersByTimeAsync(5_000);
    expect(notified).toEqual([]);
  });
});
