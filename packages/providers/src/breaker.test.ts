import { beforeEach, describe, expect, it } from '@jest/globals';
import { Breaker } from './breaker.ts';

const why = { provider: 'main', code: 'provider_unavailable', status: 503 };
let now: number;
let changes: string[];
let breaker: Breaker;
beforeEach(() => {
  [now, changes] = [1_000, []];
  breaker = new Breaker({ now: () => now, onChange: (state) => void changes.push(state) });
});

function fail(times: number): void {
  for (let at = 0; at < times; at += 1) breaker.enter()?.failed(why);
}

describe('a breaker', () => {
  it('opens at five failures among the last ten verdicts, and keeps calls away', () => {
    fail(4);
    expect(breaker.waitMs).toBe(0);
    fail(1);
    expect(breaker.enter()).toBeNull();
    expect(breaker.waitMs).toBe(10_000);
    expect(breaker.why).toEqual(why);
    expect(changes).toEqual(['opened']);
  });

  it('stays closed where most calls succeed', () => {
    for (let at = 0; at < 30; at += 1) {
      if (at % 3 === 0) fail(1);
      else breaker.enter()?.succeeded();
    }
    expect(changes).toEqual([]);
  });

  it('lets one call through after a while: its success closes it', () => {
    fail(5);
    now += 10_000;
    const trial = breaker.enter();
    expect(trial).not.toBeNull();
    expect(breaker.enter()).toBeNull();
    expect(breaker.waitMs).toBeGreaterThan(0);
    trial?.succeeded();
    expect(breaker.enter()).not.toBeNull();
    expect(changes).toEqual(['opened', 'closed']);
    fail(4);
    expect(breaker.waitMs).toBe(0);
  });

  it('stays open for as long again where that call fails', () => {
    fail(5);
    now += 10_000;
    fail(1);
    expect(breaker.waitMs).toBe(10_000);
    expect(changes).toEqual(['opened']);
  });

  it('lets the next call through where that one tells nothing', () => {
    fail(5);
    now += 10_000;
    breaker.enter()?.left();
    expect(breaker.waitMs).toBe(0);
    breaker.enter()?.succeeded();
    expect(changes).toEqual(['opened', 'closed']);
  });

  it('learns nothing from calls that began before it opened', () => {
    const early = [breaker.enter(), breaker.enter()];
    fail(5);
    now += 5_000;
    early[0]?.succeeded();
    early[1]?.failed(why);
    expect(breaker.waitMs).toBe(5_000);
  });

  it('takes the first word of a call only', () => {
    const pass = breaker.enter();
    for (let at = 0; at < 5; at += 1) pass?.failed(why);
    expect(breaker.waitMs).toBe(0);
  });

  it('is shut for as long as the provider asks for', () => {
    breaker.shut(30_000, why);
    expect(breaker.waitMs).toBe(30_000);
    now += 30_000;
    breaker.enter()?.succeeded();
    expect(changes).toEqual(['opened', 'closed']);
  });
});
