import { describe, expect, it } from '@jest/globals';
import {
  findBudget,
  findFailureRate,
  findNoWorkers,
  findProviderDown,
  findQueueAge,
  findRedisMemory,
  type LaneReading,
} from './findings.ts';

const lane = (reading: Partial<LaneReading>): LaneReading => ({
  name: 'default',
  oldestWaitS: null,
  ended: 0,
  failed: 0,
  ...reading,
});
const overOf = (findings: { isOver: boolean }[]) => findings.map(({ isOver }) => isOver);

describe('a rule', () => {
  it('of age is about the oldest job that waits', () => {
    const rule = { above_s: 300, for_s: 60 };
    const found = findQueueAge([lane({}), lane({ oldestWaitS: 300 }), lane({ oldestWaitS: 750 })], rule);
    expect(overOf(found)).toEqual([false, false, true]);
    expect(found[2]).toMatchObject({
      value: 750,
      limit: 300,
      forMs: 60_000,
      summary: expect.stringContaining('13 min'),
    });
  });

  it('of failures needs enough jobs', () => {
    const rule = { above: 0.2, min_jobs: 20, for_s: 0 };
    const lanes = [lane({ ended: 19, failed: 19 }), lane({ ended: 20, failed: 4 }), lane({ ended: 20, failed: 5 })];
    expect(overOf(findFailureRate([lane({}), ...lanes], rule))).toEqual([false, false, false, true]);
  });

  it('of budgets counts what is used, and no budget of nothing', () => {
    const budget = { tenant: 'acme', period: 'day', usedUsd: 9.5, budgetUsd: 10 } as const;
    const findings = findBudget([budget, { ...budget, usedUsd: 9 }, { ...budget, budgetUsd: 0 }], { above: 0.9 });
    expect(overOf(findings)).toEqual([true, false, false]);
    expect(findings[0]?.summary).toBe('Tenant acme has used 95 % of its budget of the day ($9.50 of $10.00).');
  });

  it('of providers needs every worker’s breaker open', () => {
    const provider = { lane: 'default', provider: 'main', workers: 2, openOn: 2 };
    const findings = findProviderDown([provider, { ...provider, openOn: 1 }, { ...provider, workers: 0, openOn: 0 }], {
      for_s: 1,
    });
    expect(overOf(findings)).toEqual([true, false, false]);
  });

  it('of Redis is about the share of maxmemory', () => {
    expect(overOf([0, 0.85, 0.86].flatMap((share) => findRedisMemory(share, { above: 0.85, for_s: 0 })))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('of workers needs jobs that wait', () => {
    const found = [
      findNoWorkers(0, 3, { for_s: 0 }),
      findNoWorkers(0, 0, { for_s: 0 }),
      findNoWorkers(1, 3, { for_s: 0 }),
    ];
    expect(overOf(found.flat())).toEqual([true, false, false]);
  });
});
