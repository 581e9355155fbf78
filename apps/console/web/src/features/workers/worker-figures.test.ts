import type { Worker } from '@holdfast/admin';
import { describe, expect, it } from '@jest/globals';
import { laneLoads, openBreakers, summaryOf } from './worker-figures.ts';

const AT = '2026-11-28T12:00:00.000Z';

function worker(id: string, changes: Partial<Worker> = {}): Worker {
  return {
    id,
    host: 'host-1',
    pid: 1,
    version: '0.1.0',
    started_at: AT,
    seen_at: AT,
    config_digest: 'a',
    same_config: true,
    draining: false,
    lanes: [{ name: 'main', running: 3, capacity: 50 }],
    breakers: [],
    jobs_ended: 0,
    memory_bytes: 1,
    loop_delay_s: 0.01,
    ...changes,
  };
}

const breaker = (state: Worker['breakers'][number]['state']) => ({
  lane: 'main',
  provider: state,
  state,
  failures: 3,
  retry_at: null,
});

describe('workers together', () => {
  it('have the capacity of those that take jobs, and what the others still run', () => {
    const summary = summaryOf([worker('a'), worker('b', { draining: true })]);
    expect(summary).toMatchObject({ running: 6, capacity: 53, draining: 1 });
  });

  it('name those with another config file, and their versions', () => {
    const summary = summaryOf([worker('a'), worker('b', { same_config: false, version: '0.2.0' })]);
    expect(summary).toMatchObject({ otherConfigs: ['b'], versions: ['0.1.0', '0.2.0'] });
  });

  it('are as slow as the slowest of their event loops, where one is measured', () => {
    expect(summaryOf([worker('a'), worker('b', { loop_delay_s: 0.25 })]).slowestLoop).toEqual({
      isSlow: true,
      text: '250 ms',
    });
    expect(summaryOf([worker('a', { loop_delay_s: null })]).slowestLoop).toEqual({
      isSlow: false,
      text: 'not measured',
    });
  });

  it('add up by lane', () => {
    const both = [
      { name: 'main', running: 1, capacity: 10 },
      { name: 'local', running: 2, capacity: 5 },
    ];
    const loads = laneLoads([worker('a'), worker('b', { lanes: both })]);
    expect(
      loads.map(({ lane, running, capacity, byWorker }) => [lane, running, capacity, [...byWorker.keys()]]),
    ).toEqual([
      ['local', 2, 5, ['b']],
      ['main', 4, 60, ['a', 'b']],
    ]);
  });

  it('show breakers that are not closed, open ones first', () => {
    const breakers = [breaker('half_open'), breaker('closed'), breaker('open')];
    expect(openBreakers([worker('a', { breakers })]).map(({ worker, state }) => [worker, state])).toEqual([
      ['a', 'open'],
      ['a', 'half_open'],
    ]);
  });
});
