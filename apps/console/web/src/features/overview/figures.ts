/** Figures of the overview, worked out from what the admin API tells. */
import type { History, Lane, Point, Range } from '@holdfast/admin';
import type { Series } from '../../kit/plot/plot-data.ts';

export const rangeLabels: readonly (readonly [Range, string])[] = [
  ['1h', '1 hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
  ['30d', '30 days'],
];

/** Jobs that ended, however they did. */
export const endedIn = ({ completed, failed, cancelled }: Omit<Point, 'at'>) => completed + failed + cancelled;

/** Jobs that ended in a minute, on average. */
export function endedPerMinute({ points, step_s, totals }: History): number {
  const minutes = (points.length * step_s) / 60;
  return minutes === 0 ? 0 : endedIn(totals) / minutes;
}

/** Of the jobs that ended; null: none has. */
export function failedShare({ totals }: History): number | null {
  const ended = endedIn(totals);
  return ended === 0 ? null : totals.failed / ended;
}

export const timesOf = ({ points }: History) => points.map(({ at }) => Date.parse(at) / 1_000);

/** A minute's worth of a count, whatever time a point covers. */
const aMinute = ({ step_s }: History, count: number) => (count * 60) / step_s;

export function outcomeSeries(history: History): Series[] {
  const of = (name: 'completed' | 'failed' | 'cancelled') =>
    history.points.map((point) => aMinute(history, point[name]));
  return [
    { label: 'Completed', color: 'good', values: of('completed') },
    { label: 'Failed', color: 'bad', values: of('failed') },
    { label: 'Cancelled', color: 'quiet', values: of('cancelled') },
  ];
}

export const latencies = ['total', 'first_token', 'queue_wait'] as const;
export type Latency = (typeof latencies)[number];

export function latencySeries({ points }: History, latency: Latency): Series[] {
  return [
    { label: 'p50', color: 'two', values: points.map((point) => point[latency].p50) },
    { label: 'p95', color: 'one', values: points.map((point) => point[latency].p95) },
  ];
}

export function tokenSeries({ points }: History): Series[] {
  return [
    { label: 'Input', color: 'two', values: points.map(({ input_tokens }) => input_tokens) },
    { label: 'Output', color: 'one', values: points.map(({ output_tokens }) => output_tokens) },
  ];
}

export function costSeries({ points }: History): Series[] {
  return [
    { label: 'Cost', color: 'three', values: points.map(({ cost_usd }) => cost_usd) },
    { label: 'Avoided', color: 'good', values: points.map(({ avoided_usd }) => avoided_usd) },
  ];
}

export interface QueueNow {
  waiting: number;
  running: number;
  capacity: number;
  oldestWaitS: number | null;
}

/** All lanes together. */
export function queueNow(lanes: readonly Lane[]): QueueNow {
  const sum = (of: (lane: Lane) => number) => lanes.reduce((all, lane) => all + of(lane), 0);
  const waits = lanes.flatMap(({ oldest_wait_s }) => oldest_wait_s ?? []);
  return {
    waiting: sum(({ counts }) => counts.waiting),
    running: sum(({ counts }) => counts.active),
    capacity: sum(({ capacity }) => capacity),
    oldestWaitS: waits.length === 0 ? null : Math.max(...waits),
  };
}
