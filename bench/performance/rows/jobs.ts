/**
 * Row `jobs`: short jobs through one worker process, against BullMQ alone. The provider answers at once. The jobs wait before the
 * worker starts, so the API takes no CPU from it. Each turn starts a new process.
 */
import { freePort } from '../../../tests/stack/stack.ts';
import { type Bed, withBed } from '../bed/bed.ts';
import { measureDrain } from '../bed/drain.ts';
import { HoldfastBed } from '../bed/holdfast.ts';
import type { BenchProcess } from '../bed/processes.ts';
import type { BenchRedis } from '../bed/redis.ts';
import { startLoad } from '../bed/subjects.ts';
import { BODY_BYTES, kilobyteBody, submitRequest } from '../bed/submissions.ts';
import { alternate, type Row, ratio, type Turn } from '../row.ts';

export const PEER = 'raw BullMQ no-op, with its addBulk';

interface Size {
  jobs: number;
  warmUp: number;
}

/** The last jobs are not measured: a worker without enough jobs waits. */
const TAIL = 100;

/** @param after runs before the worker is stopped */
export async function drainHoldfast(
  holdfast: HoldfastBed,
  { jobs, warmUp }: Size,
  after: () => Promise<void> = async () => {},
): Promise<Turn> {
  const port = await freePort();
  const preload = 'bench/peers/no-op-preload.ts';
  const worker = await holdfast.startWorker({ preload, env: { COUNT_PORT: String(port) } });
  const count = async () => Number(await (await fetch(`http://127.0.0.1:${port}`)).text());
  try {
    const drain = { worker: worker.pid, redis: holdfast.redis, count, warmUp, until: jobs - TAIL };
    const turn = await measureDrain(drain);
    await after();
    return turn;
  } finally {
    await holdfast.stop(worker);
  }
}

export async function submitAndDrain(load: BenchProcess, holdfast: HoldfastBed, size: Size): Promise<Turn> {
  await holdfast.submit(load, [submitRequest(kilobyteBody())], size.jobs);
  return drainHoldfast(holdfast, size, () => holdfast.untilIdle());
}

export async function drainBullMq(bed: Bed, redis: BenchRedis, { jobs, warmUp }: Size): Promise<Turn> {
  const env = { REDIS_URL: redis.url, BODY: 'x'.repeat(BODY_BYTES) };
  const worker = await bed.start({ program: 'bench/peers/bullmq-no-op.ts', env });
  await worker.ask({ add: jobs });
  const count = () => worker.ask<number>('count');
  const turn = await measureDrain({ worker: worker.pid, redis, count, warmUp, until: jobs - TAIL });
  await bed.end(worker);
  return turn;
}

export const jobs: Row = {
  name: 'jobs',
  title: 'short jobs through one worker process',
  figures: [
    { title: 'jobs/s', peer: PEER, unit: ' ×', goal: { atLeast: 0.5 }, of: ratio('rate', 'holdfast', 'bullmq') },
    {
      title: 'CPU of worker and Redis',
      peer: PEER,
      unit: ' ×',
      goal: { atMost: 2 },
      of: ratio('cpuUs', 'holdfast', 'bullmq'),
    },
    { title: 'Redis commands', peer: PEER, unit: ' ×', of: ratio('commands', 'holdfast', 'bullmq') },
  ],
  guarded: ['jobs/s', 'CPU of worker and Redis'],
  measure: ({ repetitions, quick, brief }) =>
    withBed(async (bed) => {
      const [load, redis, own] = await Promise.all([startLoad(bed), bed.redis(), bed.redis()]);
      const holdfast = await HoldfastBed.start(bed, { redis: own });
      const isShort = quick || brief;
      const ours = isShort ? { jobs: 1_500, warmUp: 500 } : { jobs: 6_000, warmUp: 1_000 };
      const theirs = isShort ? { jobs: 4_000, warmUp: 1_000 } : { jobs: 20_000, warmUp: 3_000 };
      const measured = await alternate(
        {
          holdfast: () => submitAndDrain(load, holdfast, ours),
          bullmq: () => drainBullMq(bed, redis, theirs),
        },
        repetitions,
      );
      return {
        load: 'concurrency 50, 1 KB bodies, a provider in the process that answers at once',
        repetitions: measured,
      };
    }),
};
