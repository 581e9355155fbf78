/** Made-up history of the installation. */
import type { Failures, History, Point, Range } from '@holdfast/admin';
import { jobs, random } from './fixture-jobs.ts';

const steps: Record<Range, [seconds: number, points: number]> = {
  '1h': [60, 60],
  '24h': [900, 96],
  '7d': [3_600, 168],
  '30d': [86_400, 30],
};

function pointAt(at: number, step: number, index: number): Point {
  const load = (step / 60) * (22 + 14 * Math.sin(index / 9) + random() * 8);
  const completed = Math.round(load);
  const failed = Math.round((index % 23 === 0 ? 0.3 : 0.03) * load);
  const isIdle = index % 31 === 30;
  return {
    at: new Date(at).toISOString(),
    submitted: completed + failed,
    replayed: Math.round(load * 0.06),
    refused: index % 11 === 0 ? 2 : 0,
    completed: isIdle ? 0 : completed,
    failed: isIdle ? 0 : failed,
    cancelled: index % 7 === 0 ? 1 : 0,
    copied: Math.round(load * 0.08),
    resumed_calls: index % 17 === 0 ? 1 : 0,
    retried: Math.round(load * 0.04),
    calls: Math.round(load * 1.2),
    input_tokens: completed * 640,
    output_tokens: completed * 210,
    cost_usd: completed * 0.0031,
    avoided_usd: completed * 0.0002,
    queue_wait: isIdle ? { p50: null, p95: null } : { p50: 0.08 + random() * 0.05, p95: 0.4 + random() },
    first_token: isIdle ? { p50: null, p95: null } : { p50: 0.6 + random() * 0.1, p95: 1.4 + random() * 0.5 },
    total: isIdle ? { p50: null, p95: null } : { p50: 3.1 + random() * 0.6, p95: 8.2 + random() * 3 },
  };
}

const sum = (points: readonly Point[], of: (point: Point) => number) =>
  points.reduce((all, point) => all + of(point), 0);

export function historyOf(range: Range): History {
  const [step, count] = steps[range];
  const end = Math.floor(Date.now() / 1_000 / step) * step;
  const points = Array.from({ length: count }, (_, index) =>
    pointAt((end - (count - 1 - index) * step) * 1_000, step, index),
  );
  const { at: _at, ...shape } = points[0] as Point;
  const totals = {
    ...shape,
    queue_wait: { p50: 0.1, p95: 0.9 },
    first_token: { p50: 0.65, p95: 1.7 },
    total: { p50: 3.4, p95: 9.8 },
  };
  for (const name of [
    'submitted',
    'replayed',
    'refused',
    'completed',
    'failed',
    'cancelled',
    'copied',
    'resumed_calls',
    'retried',
    'calls',
    'input_tokens',
    'output_tokens',
    'cost_usd',
    'avoided_usd',
  ] as const) {
    totals[name] = sum(points, (point) => point[name]);
  }
  const spend = (name: string, share: number) => ({
    name,
    jobs: Math.round(totals.completed * share),
    calls: Math.round(totals.calls * share),
    input_tokens: Math.round(totals.input_tokens * share),
    output_tokens: Math.round(totals.output_tokens * share),
    cost_usd: totals.cost_usd * share,
  });
  const lane = (name: string, share: number) => ({
    name,
    completed: Math.round(totals.completed * share),
    failed: Math.round(totals.failed * share),
    cancelled: 0,
    queue_wait: totals.queue_wait,
    total: totals.total,
  });
  return {
    range,
    step_s: step,
    points,
    totals,
    models: [
      spend('gpt-5', 0.62),
      spend('gpt-5-mini', 0.25),
      spend('llama-4-70b', 0.1),
      spend('text-embedding-4-small', 0.03),
    ],
    tenants: [
      spend('acme', 0.48),
      spend('north', 0.27),
      spend('harbor', 0.14),
      spend('umbrella', 0.08),
      spend('~other', 0.03),
    ],
    lanes: [lane('openai', 0.6), lane('azure', 0.3), lane('local', 0.1)],
  };
}

export function failuresOf(range: Range): Failures {
  const failed = jobs.filter(({ status }) => status === 'failed');
  const newest = failed.slice(0, 3).map(({ id, tenant, task, finished_at, error }) => ({
    id,
    tenant,
    task,
    finished_at: finished_at ?? '',
    message: error?.message ?? '',
  }));
  return {
    range,
    groups: [
      { code: 'provider_rate_limited', provider: 'openai', lane: 'openai', count: 41, newest },
      { code: 'output_invalid', provider: null, lane: 'azure', count: 12, newest: newest.slice(0, 1) },
      { code: 'provider_timeout', provider: 'azure-eu', lane: 'azure', count: 3, newest: newest.slice(0, 2) },
    ],
  };
}
