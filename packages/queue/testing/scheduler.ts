/** A scheduler of one's own on the test run's real Redis, without BullMQ: what is released is simply run. For tests. */
import { type NewTestJob, type OpenCell, openTestCell } from '../../cell/testing/cell.ts';
import { FairScheduler, limitsText, type RunLimits } from '../src/scheduler/scheduler.ts';

export interface TestScheduler {
  cell: OpenCell;
  lane: string;
  scheduler: FairScheduler;
  /** Submits a job. Its id is `<tenant>-<number>`, and so tells whose turn it was. */
  add(tenant: string, change?: NewTestJob, limits?: RunLimits): Promise<string>;
  /** Ids of what one dispatch gives permits to. */
  dispatch(lane?: string): Promise<string[]>;
  /** Runs a job to its end; the lanes in which its tenant may run again. */
  end(jobId: string): Promise<string[]>;
  /** Dispatches and runs, one job at a time, until so many have run; their ids in order. */
  serve(limit: number): Promise<string[]>;
  /** As if so many ms had passed for the lane's buckets. */
  passMs(ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function openTestScheduler(): Promise<TestScheduler> {
  const opened = await openTestCell();
  const lane = 'default';
  const scheduler = new FairScheduler(opened.cell);
  const laneKey = opened.keys.sched('lane', lane);
  const dispatch = async (of = lane) => (await scheduler.dispatch(of)).released.map(({ jobId }) => jobId);
  const end = async (jobId: string) => {
    const [kind, , ...unblocked] = await opened.finish(await opened.claim(jobId));
    if (kind !== 'applied') throw new Error(`not finished: ${kind}`);
    return unblocked as string[];
  };
  return {
    cell: opened,
    lane,
    scheduler,
    dispatch,
    end,
    add: (tenant, change = {}, limits) =>
      opened.create({ tenant, lane, ...(limits ? { runLimits: limitsText(limits), areNewer: 1 } : {}), ...change }),
    async serve(limit) {
      await scheduler.announce(lane, 'one', 1);
      const served: string[] = [];
      while (served.length < limit) {
        const [jobId] = await dispatch();
        if (jobId === undefined) break;
        served.push(jobId);
        await end(jobId);
      }
      return served;
    },
    async passMs(ms) {
      const fields = ['filled_at', 'shut_until', 'left_until'];
      const values = await opened.redis.hmget(laneKey, ...fields);
      const moved = fields.flatMap((field, at) => (values[at] ? [field, Number(values[at]) - ms] : []));
      if (moved.length > 0) await opened.redis.hset(laneKey, ...moved);
    },
    close: () => opened.close(),
  };
}
