/** A history as the admin API shows it. */
import type { Point, History as ShownHistory } from '@holdfast/admin';
import type { History, HistorySums, TenantTotal } from '@holdfast/history';

/** A list of tenants is for people: they look at the first. */
const MAX_TENANTS = 50;

export function showHistory({ range, stepS, points, totals }: History, tenants: readonly TenantTotal[]): ShownHistory {
  return {
    range,
    step_s: stepS,
    points: points.map((point) => ({ at: point.at, ...showSums(point) })),
    totals: showSums(totals),
    models: totals.models.map(({ name, calls, inputTokens, outputTokens, costUsd }) => ({
      name,
      jobs: null,
      calls,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      cost_usd: costUsd,
    })),
    tenants: tenants.slice(0, MAX_TENANTS).map(showTenant),
    lanes: totals.lanes.map(({ name, completed, failed, cancelled, queueWait, total }) => ({
      name,
      completed,
      failed,
      cancelled,
      queue_wait: queueWait,
      total,
    })),
  };
}

function showSums(sums: HistorySums): Omit<Point, 'at'> {
  return {
    submitted: sums.submitted,
    replayed: sums.replayed,
    refused: sums.refused,
    completed: sums.completed,
    failed: sums.failed,
    cancelled: sums.cancelled,
    copied: sums.copied,
    resumed_calls: sums.resumedCalls,
    retried: sums.retried,
    calls: sums.calls,
    input_tokens: sums.inputTokens,
    output_tokens: sums.outputTokens,
    cost_usd: sums.costUsd,
    avoided_usd: sums.avoidedUsd,
    queue_wait: sums.queueWait,
    first_token: sums.firstToken,
    total: sums.total,
  };
}

function showTenant(total: TenantTotal): ShownHistory['tenants'][number] {
  return {
    name: total.tenant,
    jobs: total.completed + total.failed + total.cancelled,
    calls: total.calls,
    input_tokens: total.inputTokens,
    output_tokens: total.outputTokens,
    cost_usd: total.costUsd,
  };
}
