/** The metrics of the API. Labels have few values: no ids, no tenants, routes instead of paths. Each is in docs/reference/metrics.md. */
import type { HttpErrorCode } from '@holdfast/core';
import type { Blocks } from '@holdfast/queue';
import type { DurabilityMode } from '@holdfast/redis';
import { countEndedJobs, type Metrics } from '@holdfast/service';
import type { OnRequestEnd } from '@holdfast/service/http';

const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Refusals of submits that alert rules count (`deploy/prometheus/alerts.yml`). */
const WATCHED_REFUSALS = ['budget_exceeded', 'durability_unmet'] satisfies HttpErrorCode[];

interface ApiMetricsOptions {
  metrics: Metrics;
  /** The mode that this process was started in. */
  durability: DurabilityMode;
  /** Names of all tasks. */
  tasks: Iterable<string>;
  /** Reads the counts of all workers, at each scrape. */
  readBlocks: () => Promise<Blocks[]>;
}

export class ApiMetrics {
  readonly #made: ReturnType<typeof makeMetrics>;
  /** This process has ended a job that no worker ran. */
  readonly jobEnded: ReturnType<typeof countEndedJobs>;

  constructor({ metrics, durability, tasks, readBlocks }: ApiMetricsOptions) {
    this.#made = makeMetrics(metrics);
    const names = [...tasks];
    this.#startAtZero(names);
    this.jobEnded = countEndedJobs(metrics, names);
    this.#made.durability.set({ mode: durability }, 1);
    // While Redis is away, the last values are shown.
    metrics.onScrape(async () => this.#showBlocks(await readBlocks()));
  }

  get submits() {
    return this.#made.submits;
  }

  get attachedReaders() {
    return this.#made.attachedReaders;
  }

  get heldRequests() {
    return this.#made.heldRequests;
  }

  get maxHeldRequests() {
    return this.#made.maxHeldRequests;
  }

  get redisMemory() {
    return this.#made.redisMemory;
  }

  readonly onRequestEnd: OnRequestEnd = ({ method, route }, { statusCode: status }, seconds) => {
    const path = (route as { path?: string } | undefined)?.path ?? 'none';
    this.#made.requests.observe({ method, route: path, status }, seconds);
  };

  /** A counter that begins above 0 has no increase yet, so an alert would miss what it counts first. */
  #startAtZero(tasks: readonly string[]): void {
    for (const result of WATCHED_REFUSALS) this.#made.submits.inc({ result }, 0);
    for (const task of tasks) {
      this.#made.blocked.inc({ task }, 0);
      this.#made.blockedSeconds.inc({ task }, 0);
    }
  }

  #showBlocks(blocks: readonly Blocks[]): void {
    for (const { task, times, ms } of blocks) {
      for (const [counter, value] of [
        [this.#made.blocked, times],
        [this.#made.blockedSeconds, ms / 1_000],
      ] as const) {
        counter.remove({ task });
        counter.inc({ task }, value);
      }
    }
  }
}

function makeMetrics(metrics: Metrics) {
  return {
    submits: metrics.counter('holdfast_submits_total', 'Submits by their result', ['result']),
    attachedReaders: metrics.gauge('holdfast_attached_readers', 'Open event streams in this process'),
    heldRequests: metrics.gauge(
      'holdfast_held_requests',
      'Streams, waiting polls and large answers under way in this process; above MAX_HELD_REQUESTS more are refused',
    ),
    maxHeldRequests: metrics.gauge(
      'holdfast_max_held_requests',
      'How many requests this process holds at most: MAX_HELD_REQUESTS, or less where it may open too few files',
    ),
    redisMemory: metrics.gauge(
      'holdfast_redis_memory_ratio',
      'Used share of maxmemory; above 0.9 new jobs are refused; 0 where Redis has no limit',
    ),
    durability: metrics.gauge('holdfast_durability_info', 'The durability mode, by which a 2xx is a promise', ['mode']),
    requests: metrics.histogram(
      'holdfast_http_request_duration_seconds',
      'Time to the end of the answer; an event stream ends when it is closed',
      ['method', 'route', 'status'],
      SECONDS,
    ),
    blocked: metrics.counter(
      'holdfast_worker_blocked_total',
      'How often a task blocked the event loop of a worker for more than 2 s; every API process has the same value',
      ['task'],
    ),
    blockedSeconds: metrics.counter(
      'holdfast_worker_blocked_seconds_total',
      'How long tasks blocked the event loop of a worker, in blocks of more than 2 s; every API process has the same value',
      ['task'],
    ),
  };
}
