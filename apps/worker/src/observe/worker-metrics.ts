/** The metrics of a worker process. Each is in docs/reference/metrics.md. */
import { followersLane, type Lanes, type Prices } from '@holdfast/core';
import type { Repair } from '@holdfast/queue';
import { countEndedJobs, longSeconds, type Metrics } from '@holdfast/service';
import type { Lane } from '../lanes/lane-providers.ts';
import { modelLabels } from './known-models.ts';
import type { CallEnd, CallUse, ObservedCall, WorkerObserver } from './worker-observer.ts';

interface WorkerMetricsOptions {
  metrics: Metrics;
  /** Names of all tasks. */
  tasks: Iterable<string>;
  lanes: Lanes;
  prices: Prices;
}

/** A gauge can't show a state by its name. */
const BREAKER_STATES = { closed: 0, half_open: 1, open: 2 } as const;

type Repaired = Repair | 'lane_reassigned' | 'response_ended';
type BudgetRefusal = Parameters<WorkerObserver['budgetRefused']>[0];

/** What is counted from 0 on: a counter that begins above 0 has no increase yet, so an alert would miss what it counts first. */
const NO_REPAIRS: Record<Repaired, 0> = {
  handed_over: 0,
  released: 0,
  placed: 0,
  dropped: 0,
  lane_reassigned: 0,
  response_ended: 0,
};
const NO_BUDGET_REFUSALS: Record<BudgetRefusal, 0> = { reserved: 0, spent: 0, budget: 0 };

export class WorkerMetrics implements WorkerObserver {
  readonly #modelOf: (model: string) => string;
  readonly jobEnded: WorkerObserver['jobEnded'];
  readonly #made: ReturnType<typeof makeMetrics>;

  constructor({ metrics, tasks, lanes, prices }: WorkerMetricsOptions) {
    this.#modelOf = modelLabels(lanes, prices);
    this.jobEnded = countEndedJobs(metrics, tasks);
    this.#made = makeMetrics(metrics);
    for (const [what, none] of Object.entries(NO_REPAIRS)) this.#made.repairs.inc({ what }, none);
    for (const [why, none] of Object.entries(NO_BUDGET_REFUSALS)) this.#made.budgetRefusals.inc({ why }, none);
  }

  attemptBegun({ lane, queue, attempt, waitedMs }: Parameters<WorkerObserver['attemptBegun']>[0]): void {
    this.#made.running.inc({ lane: queue });
    // A follower waits for its leader, not for a turn.
    if (attempt === 1 && waitedMs !== null && queue !== followersLane)
      this.#made.wait.observe({ lane }, waitedMs / 1_000);
  }

  attemptOver(...[{ lane, queue }, outcome]: Parameters<WorkerObserver['attemptOver']>): void {
    this.#made.running.dec({ lane: queue });
    this.#made.attempts.inc({ lane, outcome });
  }

  textBegun(lane: string, seconds: number): void {
    this.#made.firstToken.observe({ lane }, seconds);
  }

  answerCopied(_tenant: string, usd: number): void {
    this.#made.avoided.inc(usd);
  }

  callBegun(): void {}

  callOver({ provider, model, isResumed }: ObservedCall, { outcome, code, seconds }: CallEnd): void {
    const { calls, callDuration, errors, resumed } = this.#made;
    const labels = { provider, model: this.#modelOf(model) };
    calls.inc({ ...labels, outcome });
    if (outcome !== 'stopped') callDuration.observe(labels, seconds);
    if (code !== null) errors.inc({ provider, code });
    if (isResumed && outcome === 'completed') resumed.inc();
  }

  callUsed({ provider, model, inputTokens, outputTokens, usd }: CallUse): void {
    const labels = { provider, model: this.#modelOf(model) };
    this.#made.tokens.inc({ ...labels, direction: 'input' }, inputTokens);
    this.#made.tokens.inc({ ...labels, direction: 'output' }, outputTokens);
    if (usd !== null) this.#made.cost.inc(labels, usd);
  }

  rateLimitWaited(lane: string, seconds: number): void {
    this.#made.rateLimitWait.observe({ lane }, seconds);
  }

  budgetRefused(why: BudgetRefusal): void {
    this.#made.budgetRefusals.inc({ why });
  }

  appendFenced(): void {
    this.#made.fenced.inc();
  }

  repaired(what: Repaired, jobs: number): void {
    this.#made.repairs.inc({ what }, jobs);
  }

  /** @param lanes how many jobs of each lane this process takes at once; none: it stops */
  takes(lanes: ReadonlyMap<string, number>): void {
    this.#made.capacity.reset();
    for (const [lane, jobs] of lanes) this.#made.capacity.set({ lane }, jobs);
  }

  /** Shows the breakers' states at each scrape. */
  showBreakers(lanes: ReadonlyMap<string, Lane>, metrics: Metrics): void {
    metrics.onScrape(() => {
      for (const [lane, { providers }] of lanes) {
        for (const { provider, breaker } of providers) {
          this.#made.breaker.set({ provider: provider.name, lane }, BREAKER_STATES[breaker.status.state]);
        }
      }
    });
  }
}

function makeMetrics(metrics: Metrics) {
  return { ...makeAttemptMetrics(metrics), ...makeCallMetrics(metrics), ...makeProcessMetrics(metrics) };
}

function makeAttemptMetrics(metrics: Metrics) {
  return {
    attempts: metrics.counter('holdfast_attempts_total', 'Attempts that have ended in this process', [
      'lane',
      'outcome',
    ]),
    wait: metrics.histogram(
      'holdfast_queue_wait_seconds',
      'Time from when a job was due to its first claim',
      ['lane'],
      longSeconds,
    ),
    firstToken: metrics.histogram(
      'holdfast_first_token_seconds',
      'Time from the claim of an attempt to its first text in the journal',
      ['lane'],
      longSeconds,
    ),
    avoided: metrics.counter('holdfast_avoided_usd_total', 'US dollars that answers copied from equal jobs had cost'),
    fenced: metrics.counter(
      'holdfast_fenced_appends_total',
      'Attempts whose events were refused because a later attempt has the job',
    ),
  };
}

function makeCallMetrics(metrics: Metrics) {
  return {
    calls: metrics.counter('holdfast_provider_calls_total', 'Provider calls that are over', [
      'provider',
      'model',
      'outcome',
    ]),
    errors: metrics.counter('holdfast_provider_errors_total', 'Failed provider calls', ['provider', 'code']),
    callDuration: metrics.histogram(
      'holdfast_provider_call_duration_seconds',
      'Time from the begin of a provider call to the end of its answer, or its failure',
      ['provider', 'model'],
      longSeconds,
    ),
    tokens: metrics.counter('holdfast_tokens_total', 'Tokens that providers have counted', [
      'provider',
      'model',
      'direction',
    ]),
    cost: metrics.counter(
      'holdfast_cost_usd_total',
      'US dollars that calls have cost or may have cost, by the prices of the config file',
      ['provider', 'model'],
    ),
    resumed: metrics.counter('holdfast_calls_resumed_total', 'Interrupted calls that were resumed, and not paid anew'),
    rateLimitWait: metrics.histogram(
      'holdfast_rate_limit_wait_seconds',
      "Time that a further call of a job waited for the lane's rate limits",
      ['lane'],
      longSeconds,
    ),
    budgetRefusals: metrics.counter(
      'holdfast_budget_refusals_total',
      'Further calls of running jobs that a budget had no room for',
      ['why'],
    ),
    breaker: metrics.gauge(
      'holdfast_breaker_state',
      'Whether the breaker keeps calls away from a provider: 0 closed, 1 half-open, 2 open',
      ['provider', 'lane'],
    ),
  };
}

function makeProcessMetrics(metrics: Metrics) {
  return {
    running: metrics.gauge('holdfast_worker_running_jobs', 'Jobs that run in this process', ['lane']),
    capacity: metrics.gauge('holdfast_worker_capacity_jobs', 'Jobs that this process takes at once', ['lane']),
    repairs: metrics.counter('holdfast_repairs_total', 'Jobs that maintenance has put right', ['what']),
  };
}
