/** What this process says of itself every two seconds. See `WorkerStatus`. */
import { type ELDHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { type Outcome, VERSION } from '@holdfast/core';
import type { BreakerStatus, LaneLoad, WorkerStatus } from '@holdfast/queue';
import type { Lane } from './lanes/lane-providers.ts';
import { host } from './worker-id.ts';

/** How often the event loop's delay is measured, in ms. */
const RESOLUTION_MS = 50;

export class StatusReport {
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #loopDelay: ELDHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #cells: (() => LaneLoad[])[] = [];
  #jobsEnded = 0;
  /** null: before the first report. */
  #startedAtMs: number | null = null;

  constructor(lanes: ReadonlyMap<string, Lane>) {
    this.#lanes = lanes;
    this.#loopDelay.enable();
  }

  /** @param lanes what the lane workers of a cell do now */
  add(lanes: () => LaneLoad[]): void {
    this.#cells.push(lanes);
  }

  /** Counts the job if it has ended. @returns the same outcome */
  count(outcome: Outcome): Outcome {
    const { kind } = outcome;
    if (kind === 'completed' || kind === 'failed' || kind === 'cancelled') this.#jobsEnded += 1;
    return outcome;
  }

  /** @param nowMs Redis' time */
  report(nowMs: number, draining: boolean): WorkerStatus {
    this.#startedAtMs ??= Math.round(nowMs - process.uptime() * 1_000);
    return {
      host,
      pid: process.pid,
      version: VERSION,
      startedAtMs: this.#startedAtMs,
      draining,
      lanes: sumByLane(this.#cells.flatMap((lanes) => lanes())),
      breakers: [...this.#lanes].flatMap(([name, lane]) => breakersOf(name, lane, nowMs)),
      jobsEnded: this.#jobsEnded,
      memoryBytes: process.memoryUsage.rss(),
      loopDelayMs: this.#readLoopDelay(),
    };
  }

  close(): void {
    this.#loopDelay.disable();
  }

  /** Node counts the interval of its own timer as well. */
  #readLoopDelay(): number | null {
    if (this.#loopDelay.count === 0) return null;
    const delayMs = this.#loopDelay.percentile(99) / 1e6 - RESOLUTION_MS;
    this.#loopDelay.reset();
    return Math.max(0, Math.round(delayMs * 10) / 10);
  }
}

function sumByLane(loads: readonly LaneLoad[]): LaneLoad[] {
  const sums = new Map<string, LaneLoad>();
  for (const { lane, running, capacity } of loads) {
    const sum = sums.get(lane) ?? { lane, running: 0, capacity: 0 };
    sums.set(lane, { lane, running: sum.running + running, capacity: sum.capacity + capacity });
  }
  return [...sums.values()];
}

function breakersOf(lane: string, { providers }: Lane, nowMs: number): BreakerStatus[] {
  return providers.map(({ provider, breaker }) => {
    const { state, failures, openForMs, retryInMs } = breaker.status;
    return {
      lane,
      provider: provider.name,
      state,
      failures,
      errorCode: breaker.why?.code ?? null,
      openedAtMs: openForMs === null ? null : Math.round(nowMs - openForMs),
      retryAtMs: retryInMs === null ? null : Math.round(nowMs + retryInMs),
    };
  });
}
