import type { CallLimits, RateLimitHeadroom } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { silent } from '../../testing/worker.ts';
import { AdaptiveRateLimit } from './adaptive-rate-limit.ts';

/** A learner whose words are held until they are let go. */
function learner() {
  const said: { lane: string; room: RateLimitHeadroom }[] = [];
  const held: (() => void)[] = [];
  const slowDown: CallLimits['slowDown'] = (lane, room) => {
    said.push({ lane, room });
    return new Promise((resolve) => held.push(resolve));
  };
  const callLimits = { slowDown } as CallLimits;
  const letGo = async () => {
    held.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { learns: new AdaptiveRateLimit({ callLimits, logger: silent }), said, letGo };
}

describe('what a provider says of its limits', () => {
  it.each<[string, RateLimitHeadroom, boolean]>([
    ['plenty of room', { requestsLeft: 5_000, tokensLeft: 1_000_000, resetMs: 10 }, false],
    ['few requests', { requestsLeft: 3, tokensLeft: 1_000_000, resetMs: 10 }, true],
    ['few tokens', { requestsLeft: 5_000, tokensLeft: 900, resetMs: 10 }, true],
    ['few requests, until nobody knows when', { requestsLeft: 3 }, false],
    ['Retry-After', { retryAfterMs: 10 }, true],
  ])('of %s: %j is passed on: %p', (_, room, isPassedOn) => {
    const { learns, said } = learner();
    learns.learn('default', room);
    expect(said).toHaveLength(isPassedOn ? 1 : 0);
  });

  it('is one word at a time per lane: the narrowest of what came meanwhile', async () => {
    const { learns, said, letGo } = learner();
    learns.learn('default', { requestsLeft: 9, resetMs: 50 });
    for (const requestsLeft of [6, 5, 8]) learns.learn('default', { requestsLeft, resetMs: 40 + requestsLeft });
    learns.learn('other', { requestsLeft: 1, resetMs: 1 });
    expect(said.map(({ lane }) => lane)).toEqual(['default', 'other']);
    await letGo();
    expect(said.at(-1)).toEqual({ lane: 'default', room: { requestsLeft: 5, resetMs: 48 } });
    expect(said).toHaveLength(3);
    await letGo();
    await letGo();
    learns.learn('default', { requestsLeft: 4, resetMs: 9 });
    expect(said).toHaveLength(4);
  });
});
