/**
 * A maintenance task, every 5 s, in one process of all: jobs of a lane that was renamed in the config file, or removed from it, go
 * to the lane that serves their models now. A lane that another worker serves is left alone: that worker may have a newer file, or
 * an older one. If no lane serves a job's model, the job waits, and the log says so once.
 */
import { followersLane, type Logger, type SubmitRequest } from '@holdfast/core';
import type { Journal } from '@holdfast/journal';
import type { LaneQueues, PageEnd } from '@holdfast/queue';
import { modelOf, type Task } from '@holdfast/tasks';

interface ReassignOptions {
  journal: Journal;
  queues: LaneQueues;
  tasks: ReadonlyMap<string, Task>;
  /** Those that this worker serves. */
  lanes: ReadonlyMap<string, unknown>;
  laneOf: (model: string) => string | null;
  logger: Logger;
  /** For statistics. */
  onReassigned?: (jobs: number) => void;
}

const EVERY_MS = 5_000;
const PAGE = 50;

export function startReassigningLanes(options: ReassignOptions): () => void {
  const { queues, logger, onReassigned } = options;
  /** Lanes that nobody serves, and that the log has named. */
  const said = new Set<string>();
  const quietly = async () => {
    try {
      if (!(await queues.scheduler.isMyTurn('reassign-lanes', EVERY_MS))) return;
      onReassigned?.(await reassignLanes(options, said));
    } catch (error) {
      logger.warn({ error }, 'lanes not reassigned');
    }
  };
  const timer = setInterval(() => void quietly(), EVERY_MS);
  return () => clearInterval(timer);
}

/** One round. @returns how many jobs went to another lane */
export async function reassignLanes(options: ReassignOptions, said: Set<string>): Promise<number> {
  const { queues, lanes } = options;
  const { lanes: used } = await queues.scheduler.placement();
  let moved = 0;
  for (const lane of used) {
    if (lanes.has(lane) || lane === followersLane || (await queues.scheduler.isServed(lane))) continue;
    let end: PageEnd = null;
    do {
      const page: Awaited<ReturnType<typeof queues.scheduler.jobsOfLane>> = await queues.scheduler.jobsOfLane(
        lane,
        end,
        PAGE,
      );
      for (const job of page.jobs) moved += (await reassign(options, lane, job, said)) ? 1 : 0;
      end = page.end;
    } while (end);
  }
  return moved;
}

async function reassign(
  options: ReassignOptions,
  lane: string,
  { jobId, release, attempt }: { jobId: string; release: number; attempt: number },
  said: Set<string>,
): Promise<boolean> {
  const { queues, logger } = options;
  const newLane = await laneByModel(options, jobId);
  if (newLane === null) {
    if (!said.has(lane))
      logger.error({ lane, jobId }, 'no worker serves this lane, and no lane serves the model of this job: it waits');
    said.add(lane);
    return false;
  }
  const waitsIn = await queues.scheduler.handOverAgain({ jobId, release }, { attempt, newLane });
  if (waitsIn === null) return false;
  queues.dispatch(waitsIn);
  logger.warn(
    { jobId, lane: newLane, oldLane: lane },
    'no worker serves the lane of this job any more; it moves to another lane',
  );
  return true;
}

async function laneByModel({ journal, tasks, laneOf }: ReassignOptions, jobId: string): Promise<string | null> {
  const text = await journal.requestText(jobId);
  if (text === null) return null;
  const { task: name, input } = JSON.parse(text) as SubmitRequest;
  const task = tasks.get(name);
  return task ? laneOf(modelOf(task, input)) : null;
}
