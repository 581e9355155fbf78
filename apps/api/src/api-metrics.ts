/** The metrics of the API. Labels have few values: no ids, no tenants, routes instead of paths. */
import type { Blocks } from '@holdfast/queue';
import type { DurabilityMode } from '@holdfast/redis';
import { Metrics, type OnRequestEnd, type RequestHandler } from '@holdfast/service';

const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class ApiMetrics {
  readonly #metrics = new Metrics();
  readonly submits = this.#metrics.counter('holdfast_submits_total', 'Submits by their result', ['result']);
  readonly attachedReaders = this.#metrics.gauge('holdfast_attached_readers', 'Open event streams in this process');
  readonly heldRequests = this.#metrics.gauge(
    'holdfast_held_requests',
    'Streams, waiting polls and large answers under way in this process; above MAX_HELD_REQUESTS more are refused',
  );
  readonly redisMemory = this.#metrics.gauge(
    'holdfast_redis_memory_ratio',
    'Used share of maxmemory; above 0.9 new jobs are refused; 0 where Redis has no limit',
  );
  readonly #durability = this.#metrics.gauge(
    'holdfast_durability_info',
    'The durability mode, by which a 2xx is a promise',
    ['mode'],
  );
  readonly #requests = this.#metrics.histogram(
    'holdfast_http_request_duration_seconds',
    'Time to the end of the answer; an event stream ends when it is closed',
    ['method', 'route', 'status'],
    SECONDS,
  );

  readonly #blocked = this.#metrics.counter(
    'holdfast_worker_blocked_total',
    'How often a task blocked the event loop of a worker for more than 2 s; every API process has the same value',
    ['task'],
  );
  readonly #blockedSeconds = this.#metrics.counter(
    'holdfast_worker_blocked_seconds_total',
    'How long tasks blocked the event loop of a worker, in blocks of more than 2 s; every API process has the same value',
    ['task'],
  );
  readonly #readBlocks: () => Promise<Blocks[]>;

  /**
   * @param durability the mode that this process was started in
   * @param readBlocks reads the counts of all workers, at each scrape
   */
  constructor(durability: DurabilityMode, readBlocks: () => Promise<Blocks[]>) {
    this.#readBlocks = readBlocks;
    this.#durability.set({ mode: durability }, 1);
  }

  readonly onRequestEnd: OnRequestEnd = ({ method, route }, { statusCode: status }, seconds) => {
    const path = (route as { path?: string } | undefined)?.path ?? 'none';
    this.#requests.observe({ method, route: path, status }, seconds);
  };

  readonly answer: RequestHandler = async (_request, response) => {
    // While Redis is away, the last values are shown.
    this.#showBlocks(await this.#readBlocks().catch(() => []));
    response.setHeader('content-type', this.#metrics.contentType);
    response.end(await this.#metrics.text());
  };

  #showBlocks(blocks: readonly Blocks[]): void {
    for (const { task, times, ms } of blocks) {
      for (const [counter, value] of [
        [this.#blocked, times],
        [this.#blockedSeconds, ms / 1_000],
      ] as const) {
        counter.remove({ task });
        counter.inc({ task }, value);
      }
    }
  }
}
