/**
 * Stage 2 of 6, the producing side. Before it: `apps/api`, which has submitted the job: it waits in the scheduler; after it:
 * `lane-worker.ts`.
 *
 *   1. dispatch   the scheduler gives permits to what may run, and these releases enter BullMQ
 *   2. again      whenever a job has come, has ended or was put back, and whenever a limit or a delay ends
 *
 * A crash between the two leaves a permit whose release BullMQ doesn't know: `maintenance.ts` hands it over.
 */
import type { Cell } from '@holdfast/cell';
import type { Limits, ReadyQueue, ReleaseName } from '@holdfast/core';
import { DispatchClock } from '../scheduler/dispatch-clock.ts';
import { FairScheduler, limitsText, type RunLimits } from '../scheduler/scheduler.ts';

interface LaneQueuesOptions {
  cell: Cell;
  ready: ReadyQueue;
  onError: (error: Error) => void;
  /** What a tenant may run. Without it, and where it says null, the limits that others have stored count. */
  limitsOf?: (tenant: string) => Promise<Limits | null>;
}

export class LaneQueues {
  readonly scheduler: FairScheduler;
  readonly ready: ReadyQueue;
  readonly #options: LaneQueuesOptions;
  readonly #clocks = new Map<string, DispatchClock>();
  /** Limits of tenants as this process has last passed them on. */
  readonly #passedOn = new Map<string, string>();
  /** Releases that are being added to BullMQ. */
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: LaneQueuesOptions) {
    this.#options = options;
    this.ready = options.ready;
    this.scheduler = new FairScheduler(options.cell);
  }

  /** Hands over what may run. Returns at once; asks while it is under way are gathered. */
  dispatch(...lanes: readonly string[]): void {
    for (const lane of lanes) this.#clock(lane).request();
  }

  /** The same for one lane, with this turn of the event loop; resolves when what may run is on its way to BullMQ. */
  async dispatched(lane: string): Promise<void> {
    await this.#clock(lane).dispatched();
  }

  /** A job has ended while it waited: its release leaves BullMQ, and others may run. Tidiness only, where it fails. */
  async discard(lane: string, release: ReleaseName, unblocked: readonly string[]): Promise<void> {
    this.dispatch(lane, ...unblocked);
    await this.ready.remove(lane, release);
  }

  /** What a tenant may run, from now on. */
  async setRunLimits(tenant: string, limits: RunLimits): Promise<void> {
    this.dispatch(...(await this.scheduler.setRunLimits(tenant, limits)));
  }

  /** The same of every tenant with jobs here, whose plan may have changed in the config file since they were submitted. */
  async passOnLimits(): Promise<void> {
    for (const tenant of await this.scheduler.tenants()) {
      const limits = (await this.#options.limitsOf?.(tenant)) ?? null;
      if (limits) await this.setRunLimits(tenant, limits);
    }
  }

  /** Whether this process has passed on other limits of the tenant: then these are newer than what is stored. */
  areNewer(tenant: string, limits: RunLimits): boolean {
    return this.#passedOn.get(tenant) !== limitsText(limits);
  }

  /** These limits have been passed on, with a job that was created. */
  havePassedOn(tenant: string, limits: RunLimits): void {
    this.#passedOn.set(tenant, limitsText(limits));
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
        const { released, nextMs, more } = await this.scheduler.dispatch(lane);
        if (released.length > 0) await this.#handOver(lane, released);
        if (!more) return nextMs;
      }
    } catch (error) {
      // What waits is dispatched the next time.
      this.#options.onError(error as Error);
      return null;
    }
  }

  /** Resolves when it has been sent: what is sent after it comes after it. */
  async #handOver(lane: string, released: readonly ReleaseName[]): Promise<void> {
    const added = this.ready
      .add(lane, released)
      // What got a permit is handed over by `maintenance.ts`.
      .catch((error: unknown) => this.#options.onError(error as Error))
      .finally(() => this.#underWay.delete(added));
    this.#underWay.add(added);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
