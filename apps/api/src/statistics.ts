/** What the API counts of submits and of jobs that end while they wait: in its own metrics, and in the history of all processes. */
import type { EndedJob } from '@holdfast/core';
import type { HistoryRecorder } from '@holdfast/history';
import type { ApiMetrics } from './api-metrics.ts';

/** Results of submits that a new job came of. */
const CREATED: ReadonlySet<string> = new Set(['accepted', 'joined', 'cached']);

export class Statistics {
  readonly #metrics: Pick<ApiMetrics, 'submits' | 'jobEnded'>;
  readonly #history: Pick<HistoryRecorder, 'submitted' | 'refused' | 'ended'>;

  constructor(metrics: Pick<ApiMetrics, 'submits' | 'jobEnded'>, history: HistoryRecorder) {
    this.#metrics = metrics;
    this.#history = history;
  }

  /** @param result `accepted`, `joined`, `cached`, `replayed`, or the code of a refusal */
  submitOver(tenant: string, result: string): void {
    this.#metrics.submits.inc({ result });
    if (CREATED.has(result)) this.#history.submitted(tenant, 'submitted');
    else if (result === 'replayed') this.#history.submitted(tenant, 'replayed');
    else this.#history.refused(tenant, result);
  }

  /** This process has ended a job that no worker ran. */
  jobEnded(job: EndedJob): void {
    this.#metrics.jobEnded(job);
    this.#history.ended(job);
  }
}
