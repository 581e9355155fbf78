/**
 * The metrics of a process, in Prometheus' text format. Only this file imports prom-client, and only `metrics-server.ts` gives them out.
 *
 * docs/reference/metrics.md has each of them; a test compares it with the code. Labels have few values: names of the config file,
 * stable codes, outcomes. Never a tenant, an id, a path or a text of a client.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type { Counter, Gauge, Histogram } from 'prom-client';

/** From a millisecond to ten minutes: for what may take as long as a model thinks. In seconds. */
export const longSeconds: readonly number[] = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600,
];

/** Prometheus gives up after 10 s by default, and has none of the metrics then. */
const READ_WITHIN_MS = 1_000;

export class Metrics {
  readonly #registry = new Registry();
  readonly #readers: (() => Promise<void> | void)[] = [];

  /** Has Node's own metrics from the beginning: memory, CPU, event-loop delay. */
  constructor() {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 50 });
  }

  /** Names begin with `holdfast_`, and end with their unit, then `_total`. */
  counter<Label extends string = never>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  gauge<Label extends string = never>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  histogram<Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: readonly number[],
  ): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [this.#registry] });
  }

  /**
   * Runs before each scrape, to set gauges. A scrape shows what can be read: what it throws is ignored, and after 1 s it isn't waited for
   * any more. The connection of a worker, for example, waits while Redis is away.
   */
  onScrape(read: () => Promise<void> | void): void {
    this.#readers.push(read);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Prometheus' text format. */
  async text(): Promise<string> {
    const read = Promise.allSettled(this.#readers.map(async (one) => one()));
    const patience = new AbortController();
    await Promise.race([read, delay(READ_WITHIN_MS, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    return this.#registry.metrics();
  }
}
