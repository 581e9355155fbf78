import { beforeEach, describe, expect, it } from '@jest/globals';
import { Breaker, type Pass } from './breaker.ts';
import type { Asker } from './failure-scope.ts';

const why = { provider: 'main', code: 'provider_unavailable', status: 503 };
let now: number;
let jobs: number;
let changes: string[];
let breaker: Breaker;
beforeEach(() => {
  [now, jobs, changes] = [1_000, 0, []];
  breaker = new Breaker({
    now: () => now,
    onChange: (state, _, held) => void changes.push(`${state}${held ? ` ${held.tenant} ${held.job}` : ''}`),
  });
});

/** Each time another job of the tenant. */
function jobOf(tenant: string): Asker {
  jobs += 1;
  return { tenant, job: `${tenant}${jobs}` };
}

function fail(times: number, asker = () => jobOf('a'), byRequest = false): void {
  for (let at = 0; at < times; at += 1) breaker.enter(asker())?.failed(why, byRequest);
}

const succeed = (asker: Asker) => breaker.enter(asker)?.succeeded();

/** Opens it for everybody. */
function openForAll(): void {
  fail(3);
  fail(2, () => jobOf('b'));
}

const waitMs = (tenant: string) => breaker.waitMs(jobOf(tenant));

describe('a breaker', () => {
  it('opens at five failures among the last ten verdicts, and keeps calls away', () => {
    fail(4);
    expect(waitMs('a')).toBe(0);
    fail(1);
    expect(breaker.enter(jobOf('a'))).toBeNull();
    expect(waitMs('a')).toBe(10_000);
    expect(breaker.why).toEqual(why);
    expect(changes).toEqual(['opened a null']);
  });

  it('tells its state: closed, open for so long, half-open, closed', () => {
    fail(4);
    expect(breaker.status).toEqual({ state: 'closed', failures: 4, openForMs: null, retryInMs: null });
    fail(1);
    now += 4_000;
    expect(breaker.status).toEqual({ state: 'open', failures: 5, openForMs: 4_000, retryInMs: 6_000 });
    now += 6_000;
    expect(breaker.status).toEqual({ state: 'half_open', failures: 5, openForMs: 10_000, retryInMs: null });
    now += 5_000;
    succeed(jobOf('a'));
    expect(breaker.status).toEqual({ state: 'closed', failures: 0, openForMs: null, retryInMs: null });
  });

  it('stays closed where most calls succeed', () => {
    for (let at = 0; at < 30; at += 1) {
      if (at % 3 === 0) fail(1);
      else succeed(jobOf('a'));
    }
    expect(changes).toEqual([]);
  });

  it('lets one call through after a while: its success closes it', () => {
    openForAll();
    now += 10_000;
    const trial = breaker.enter(jobOf('c'));
    expect(trial?.isTrial).toBe(true);
    expect(breaker.enter(jobOf('c'))).toBeNull();
    expect(waitMs('c')).toBeGreaterThan(0);
    trial?.succeeded();
    expect(breaker.enter(jobOf('a'))?.isTrial).toBe(false);
    expect(changes).toEqual(['opened null null', 'closed']);
    fail(4);
    expect(waitMs('a')).toBe(0);
  });

  it('stays open for as long again where that call fails', () => {
    openForAll();
    now += 10_000;
    fail(1, () => jobOf('c'));
    expect(waitMs('d')).toBe(10_000);
    expect(changes).toEqual(['opened null null']);
  });

  it('lets the next call through where that one says nothing', () => {
    openForAll();
    now += 10_000;
    breaker.enter(jobOf('c'))?.interrupted();
    expect(waitMs('c')).toBe(0);
    succeed(jobOf('c'));
    expect(changes).toEqual(['opened null null', 'closed']);
  });

  it('learns nothing from calls that began before it opened', () => {
    const early = [breaker.enter(jobOf('c')), breaker.enter(jobOf('c'))];
    openForAll();
    now += 5_000;
    early[0]?.succeeded();
    early[1]?.failed(why);
    expect(waitMs('c')).toBe(5_000);
  });

  it('takes the first word of a call only', () => {
    const pass = breaker.enter(jobOf('a'));
    for (let at = 0; at < 5; at += 1) pass?.failed(why);
    expect(waitMs('a')).toBe(0);
  });

  it('is shut for as long as the provider asks for, to everybody', () => {
    breaker.shut(30_000, why);
    expect([waitMs('a'), breaker.sparesSome]).toEqual([30_000, false]);
    now += 30_000;
    succeed(jobOf('a'));
    expect(changes).toEqual(['opened null null', 'closed']);
  });
});

describe('whom a breaker holds', () => {
  it('is the one job whose calls have failed, where no other has called', () => {
    const one = { tenant: 'a', job: 'one' };
    fail(5, () => one);
    expect([breaker.waitMs(one), waitMs('a'), waitMs('b')]).toEqual([11_000, 0, 0]);
    expect(breaker.sparesSome).toBe(true);
  });

  it('is the tenant, where several of its jobs have failed and no other tenant has called', () => {
    fail(5);
    expect([waitMs('a'), waitMs('b')]).toEqual([10_000, 0]);
  });

  it('is everybody, where several tenants have failed', () => {
    openForAll();
    expect([waitMs('a'), waitMs('b'), waitMs('c')]).toEqual([11_000, 10_000, 10_000]);
    expect(breaker.sparesSome).toBe(false);
  });

  it('becomes more as soon as somebody whom it lets through fails as well', () => {
    fail(5);
    now += 3_000;
    fail(1, () => jobOf('b'));
    expect(waitMs('c')).toBe(10_000);
    expect(changes).toEqual(['opened a null', 'opened null null']);
  });

  it('is nobody, once one whom it lets through has been answered', () => {
    fail(5);
    const early = breaker.enter(jobOf('b'));
    succeed(jobOf('b'));
    expect([waitMs('a'), changes.at(-1)]).toEqual([0, 'closed']);
    early?.failed(why);
    expect(waitMs('b')).toBe(0);
  });

  it('is nobody, where others are answered meanwhile: they fail by what they ask', () => {
    for (let round = 0; round < 20; round += 1) {
      fail(4);
      succeed(jobOf('b'));
    }
    const one = { tenant: 'a', job: 'one' };
    for (let round = 0; round < 20; round += 1) {
      fail(4, () => one);
      succeed(jobOf('a'));
    }
    expect(changes).toEqual([]);
  });

  it('is nobody, where answers of one tenant can’t be read, however many; everybody, where those of several can’t', () => {
    fail(50, () => jobOf('a'), true);
    expect(changes).toEqual([]);
    fail(2, () => jobOf('b'), true);
    expect(waitMs('c')).toBe(10_000);
  });
});

describe('the call that a half-open breaker lets through', () => {
  const passes = (asker: Asker): Pass | null => breaker.enter(asker);

  it('is another job’s than those that have failed there, unless none comes for a second', () => {
    const one = { tenant: 'a', job: 'one' };
    fail(3, () => one);
    fail(2);
    now += 10_000;
    expect(passes(one)).toBeNull();
    expect(breaker.waitMs(one)).toBe(1_000);
    passes(jobOf('a'))?.interrupted();
    now += 1_000;
    expect(passes(one)?.isTrial).toBe(true);
  });

  it('is one of the tenant that has failed less, unless it doesn’t come for a second', () => {
    fail(4);
    fail(1, () => jobOf('b'));
    now += 10_000;
    expect([waitMs('a'), waitMs('b'), waitMs('c')]).toEqual([1_000, 0, 0]);
    now += 1_000;
    expect(passes(jobOf('a'))?.isTrial).toBe(true);
  });

  it('keeps the others away for a second only, where its own request may be why it fails', () => {
    openForAll();
    now += 10_000;
    passes(jobOf('c'))?.failed(why, true);
    expect(waitMs('d')).toBe(1_000);
  });
});
