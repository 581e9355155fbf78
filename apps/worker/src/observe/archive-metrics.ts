/**
 * The metrics of the archive: what this process has written, and what waits, over all cells. What waits is read at each scrape, so every
 * worker has the same values, whichever of them archives. Without an archive it is missing, and while Redis is away, too.
 */
import type { Metrics } from '@holdfast/service';
import type { ArchiveBacklog, ArchiveObserver } from '../maintenance/archive-jobs.ts';

export class ArchiveMetrics implements ArchiveObserver {
  readonly #made: ReturnType<typeof makeMetrics>;
  readonly #readers: (() => Promise<ArchiveBacklog>)[] = [];

  constructor(metrics: Metrics) {
    this.#made = makeMetrics(metrics);
    this.#hide();
    metrics.onScrape(() => this.#show());
  }

  written(jobs: number): void {
    this.#made.written.inc(jobs);
  }

  failed(): void {
    this.#made.failures.inc();
  }

  watch(read: () => Promise<ArchiveBacklog>): void {
    this.#readers.push(read);
  }

  #hide(): void {
    this.#made.waiting.remove();
    this.#made.lag.remove();
  }

  async #show(): Promise<void> {
    // An old value would hide that the archive lags.
    this.#hide();
    if (this.#readers.length === 0) return;
    const backlogs = await Promise.all(this.#readers.map((read) => read()));
    this.#made.waiting.set(backlogs.reduce((sum, { waiting }) => sum + waiting, 0));
    this.#made.lag.set(Math.max(...backlogs.map(({ lagSeconds }) => lagSeconds)));
  }
}

function makeMetrics(metrics: Metrics) {
  return {
    waiting: metrics.gauge('holdfast_archive_waiting_jobs', 'Ended and deleted jobs that the archive lacks yet'),
    lag: metrics.gauge(
      'holdfast_archive_lag_seconds',
      'How long the job has waited that waits longest for the archive',
    ),
    written: metrics.counter('holdfast_archive_written_total', 'Jobs that this process has written to the archive'),
    failures: metrics.counter(
      'holdfast_archive_failures_total',
      'Times that this process could not write to the archive; each is tried again',
    ),
  };
}
