/** What the console opens for each cell, found by tenant. */
import { Cell, Cells } from '@holdfast/cell';
import type { EndedJob } from '@holdfast/core';
import { Ledger } from '@holdfast/gate';
import type { JobCell } from '@holdfast/jobs';
import { Journal } from '@holdfast/journal';
import { BullQueues, LaneQueues } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';

export interface ConsoleCell extends JobCell {
  cell: Cell;
  bull: BullQueues;
}

export type ConsoleCells = Pick<Cells<ConsoleCell>, 'of' | 'all'>;

interface CellOptions {
  redis: Redis;
  prefix: string;
  retentionMs: number;
  /** A dispatch of this process has failed a job past its deadline. For statistics. */
  onExpired: (job: EndedJob) => void;
}

export function openCells({ redis, prefix, retentionMs, onExpired }: CellOptions): ConsoleCells {
  return new Cells((name) => {
    const cell = new Cell({ redis, prefix, name, retentionMs });
    // BullMQ passes each connection error on. The connection has already logged it, once for each outage.
    const bull = new BullQueues(cell, () => undefined);
    const queue = new LaneQueues({ cell, ready: bull, onError: () => undefined, onExpired });
    return { cell, journal: new Journal(cell), queue, ledger: new Ledger(cell), bull };
  });
}

export async function closeCells(cells: ConsoleCells): Promise<void> {
  for (const { queue, bull } of cells.all) await Promise.all([queue.close(), bull.close()]);
}
