/**
 * A lane as Bull Board shows it: BullMQ's queue, plus the jobs that wait in the scheduler, counted as waiting or delayed. Pause
 * and resume change the scheduler too.
 */
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { CellQueue, OpenLanes } from '../lanes/lane-status.ts';

type Counts = Awaited<ReturnType<BullMQAdapter['getJobCounts']>>;

export class LaneAdapter extends BullMQAdapter {
  readonly #lanes: OpenLanes;
  readonly #cell: CellQueue;
  readonly #lane: string;

  constructor(lanes: OpenLanes, cell: CellQueue, lane: string) {
    super(cell.bull.queue(lane), { readOnlyMode: false });
    this.#lanes = lanes;
    this.#cell = cell;
    this.#lane = lane;
  }

  override async getJobCounts(): Promise<Counts> {
    const [counts, scheduled] = await Promise.all([
      super.getJobCounts(),
      this.#cell.queue.scheduler.counts(this.#lane),
    ]);
    const { waiting = 0, delayed = 0 } = counts;
    return { ...counts, waiting: waiting + scheduled.waiting, delayed: delayed + scheduled.delayed };
  }

  override async pause(): Promise<void> {
    await this.#lanes.setPaused(this.#lane, true);
  }

  override async resume(): Promise<void> {
    await this.#lanes.setPaused(this.#lane, false);
  }
}
