/** The check of expressions finds what it is for. */
import { describe, expect, it } from '@jest/globals';
import { knownSeries, PromQL } from './promql.ts';

const series = await knownSeries();
const faultsOf = (expression: string) => new PromQL(expression, series).faults();

describe('an expression of PromQL', () => {
  it.each([
    'sum by (installation, lane) (rate(holdfast_attempts_total{outcome=~"failed|retry"}[5m])) > 0.1',
    'max by (lane) (holdfast_lane_waiting_jobs)',
    'histogram_quantile(0.95, sum by (lane, le) (rate(holdfast_queue_wait_seconds_bucket[5m])))',
    'nodejs_eventloop_lag_p99_seconds and on (job, instance) holdfast_redis_command_seconds_count',
    'increase(process_cpu_seconds_total[5m]) / 60 or up{job="holdfast-api"} == 0',
  ])('is in order: %s', (expression) => {
    expect(faultsOf(expression)).toEqual([]);
  });

  it.each([
    ['sum(rate(holdfast_attempts_total[5m])', 'does not parse at 37'],
    ['does_exist(up)', 'does not parse at 10'],
    ['holdfast_attempt_total', 'there is no metric holdfast_attempt_total'],
    ['rate(holdfast_queue_wait_seconds[5m])', 'there is no metric holdfast_queue_wait_seconds'],
    ['holdfast_breaker_state{model="x"} > 1', 'holdfast_breaker_state has no label model'],
    ['rate(holdfast_attempts_total{outcome="broken"}[5m])', 'outcome is never broken'],
    ['max by (task) (holdfast_lane_waiting_jobs)', 'holdfast_lane_waiting_jobs has no label task to group by'],
    ['up == 0 and on (lane) up', 'up has no label lane to group by'],
    ['sum(holdfast_lane_waiting_jobs)', 'holdfast_lane_waiting_jobs is the same in each process: take the maximum'],
    ['holdfast_fenced_appends_total > 5', 'holdfast_fenced_appends_total is a counter: take its rate or its increase'],
  ])('is not: %s', (expression, fault) => {
    expect(faultsOf(expression)).toContain(fault);
  });

  it('has the labels that it groups by, or those of its metrics', () => {
    expect([...new PromQL('max by (lane) (holdfast_lane_waiting_jobs)', series).labels]).toEqual(['lane']);
    expect(new PromQL('holdfast_held_requests > 1', series).labels).toContain('instance');
  });
});
