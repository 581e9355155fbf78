/**
 * Stage 2 of 6, the producing side. Before it: `apps/api`, which has submitted the job, so that it waits in the scheduler; after
 * it: `lane-worker.ts`.
 *
 *   1. dispatch    the scheduler gives permits to the jobs that may run
 *   2. hand over   their releases enter BullMQ
 *
 * This happens again whenever a job arrives, ends or is put back, and whenever a limit or a delay ends. A crash between 1 and 2 leaves
 * a permit whose release BullMQ doesn't know: `maintenance.ts` hands it over.
 */
import type { Cell } from '@holdfast/cell';
import type { EndedJob, Limits, ReadyQueue, ReleaseName } from '@holdfast/core';
import { DispatchClock } from '../scheduler/dispatch-clock.ts';
import { FairScheduler, limitsText, type RunLimits } from '../scheduler/scheduler.ts';

interface LaneQueuesOptions {
  cell: Cell;
  ready: ReadyQueue;
  onError: (error: Error) => void;
  /** The limits of a tenant. Without it, and where it returns null, the limits that other processes have stored apply. */
  limitsOf?: (tenant: string) => Promise<Limits | null>;
  /** A dispatch of this process has failed a job, because its deadline passed while it waited. For statistics. */
  onExpired?: (job: EndedJob) => void;
}

export class LaneQueues {
  readonly scheduler: FairScheduler;
  readonly ready: ReadyQueue;
  readonly #options: LaneQueuesOptions;
  readonly #clocks = new Map<string, DispatchClock>();
  /** The limits of tenants that this process has last stored. */
  readonly #stored = new Map<string, string>();
  /** Releases that are being added to BullMQ. */
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: LaneQueuesOptions) {
    this.#options = options;
    this.ready = options.ready;
    this.scheduler = new FairScheduler(options.cell);
  }

  /** Hands over what may run in these lanes. Returns at once; requests during a dispatch are combined into the next one. */
  dispatch(...lanes: readonly string[]): void {
    for (const lane of lanes) this.#clock(lane).request();
  }

  /** The same for one lane, at the end of this turn of the event loop. Resolves when what may run was sent to BullMQ. */
  async dispatched(lane: string): Promise<void> {
    await this.#clock(lane).dispatched();
  }

  /** Removes the release of a job that ended while it waited, and dispatches others. A failure does no harm. */
  async discard(lane: string, release: ReleaseName, unblocked: readonly string[]): Promise<void> {
    this.dispatch(lane, ...unblocked);
    await this.ready.remove(lane, release);
  }

  /** Sets what a tenant may run from now on. */
  async setRunLimits(tenant: string, limits: RunLimits): Promise<void> {
    this.dispatch(...(await this.scheduler.setRunLimits(tenant, limits)));
  }

  /** Does so for every tenant with jobs here: its plan may have changed in the config file since it submitted them. */
  async storeLimits(): Promise<void> {
    for (const tenant of await this.scheduler.tenants()) {
      const limits = (await this.#options.limitsOf?.(tenant)) ?? null;
      if (limits) await this.setRunLimits(tenant, limits);
    }
  }

  /** Whether these limits differ from what this process has last stored for the tenant: then they are newer. */
  areNewer(tenant: string, limits: RunLimits): boolean {
    return this.#stored.get(tenant) !== limitsText(limits);
  }

  /** These limits were stored, together with a created job. */
  limitsStored(tenant: string, limits: RunLimits): void {
    this.#stored.set(tenant, limitsText(limits));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clocks.values()].map((clock) => clock.close()));
    await Promise.all(this.#underWay);
  }

  #clock(lane: string): DispatchClock {
    const known = this.#clocks.get(lane);
    if (known) return known;
    const clock = new DispatchClock(() => this.#dispatchOnce(lane));
    this.#clocks.set(lane, clock);
    return clock;
  }

  async #dispatchOnce(lane: string): Promise<number | null> {
    try {
      for (;;) {
        const { released, expired, nextMs, more } = await this.scheduler.dispatch(lane);
        for (const job of expired) this.#options.onExpired?.(job);
        if (released.length > 0) await this.#handOver(lane, released);
        if (!more) return nextMs;
      }
    } catch (error) {
      // The jobs go on waiting, and the next dispatch finds them.
      this.#options.onError(error as Error);
      return null;
    }
  }

  /** Resolves when the releases were sent, so that later commands reach Redis after them. */
  async #handOver(lane: string, released: readonly ReleaseName[]): Promise<void> {
    const added = this.ready
      .add(lane, released)
      // They have their permits: `maintenance.ts` hands them over again.
      .catch((error: unknown) => this.#options.onError(error as Error))
      .finally(() => this.#underWay.delete(added));
    this.#underWay.add(added);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
