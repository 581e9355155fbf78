/**
 * The lane of a job whose own was renamed in the config file, or removed from it: the one that serves its model now. A lane
 * that another worker serves is none of this worker's business: that one may have a newer file, or an older.
 */
import { followersLane, type Logger, type SubmitRequest } from '@holdfast/core';
import type { Journal, OpenJob } from '@holdfast/journal';
import { modelOf, type Task } from '@holdfast/tasks';

interface LaneFinder {
  journal: Journal;
  tasks: ReadonlyMap<string, Task>;
  /** Those that this worker serves. */
  lanes: ReadonlyMap<string, unknown>;
  laneOf: (model: string) => string | null;
  /** Whether any worker serves a lane. */
  isServed: (lane: string) => Promise<boolean>;
  logger: Logger;
}

/** What `sweep-open-jobs.ts` asks of each job. */
export function findNewLane(finder: LaneFinder): (job: OpenJob) => Promise<string | null> {
  const { lanes, isServed, logger } = finder;
  /** Lanes that were said to be served by nobody. */
  const said = new Set<string>();
  return async (job) => {
    if (lanes.has(job.lane) || job.lane === followersLane || (await isServed(job.lane))) return null;
    const newLane = await laneByModel(finder, job.jobId);
    if (newLane === null && !said.has(job.lane)) {
      said.add(job.lane);
      logger.error(
        { lane: job.lane, jobId: job.jobId },
        'nobody serves this lane, nor the model of this job: it waits',
      );
    }
    return newLane;
  };
}

async function laneByModel({ journal, tasks, laneOf }: LaneFinder, jobId: string): Promise<string | null> {
  const text = await journal.requestText(jobId);
  if (text === null) return null;
  const { task: name, input } = JSON.parse(text) as SubmitRequest;
  const task = tasks.get(name);
  return task ? laneOf(modelOf(task, input)) : null;
}
