/**
 * Row `worker-sdk`: a worker's CPU for a short job whose answer comes through the `openai` SDK, against a process that only calls
 * the SDK. Each turn starts both as new processes, and both warm up.
 */
import { type Bed, withBed } from '../bed/bed.ts';
import { startMeter } from '../bed/cpu.ts';
import { measureDrain } from '../bed/drain.ts';
import { HoldfastBed } from '../bed/holdfast.ts';
import type { BenchProcess } from '../bed/processes.ts';
import { type Provider, startLoad, startProvider } from '../bed/subjects.ts';
import { kilobyteBody, submitRequest } from '../bed/submissions.ts';
import { alternate, type Row, ratio, type Turn } from '../row.ts';

const AT_ONCE = 50;
const TAIL = 100;
const body = kilobyteBody('tokens=10');

interface Size {
  jobs: number;
  warmUp: number;
}

export async function drainThroughSdk(
  holdfast: HoldfastBed,
  load: BenchProcess,
  provider: Provider,
  { jobs, warmUp }: Size,
): Promise<Turn> {
  await holdfast.submit(load, [submitRequest(body)], jobs);
  const before = await provider.completed();
  const worker = await holdfast.startWorker();
  const turn = await measureDrain({
    worker: worker.pid,
    redis: holdfast.redis,
    count: async () => (await provider.completed()) - before,
    warmUp,
    until: jobs - TAIL,
  });
  await holdfast.untilIdle();
  await holdfast.stop(worker);
  return turn;
}

async function callSdk(bed: Bed, provider: Provider, { jobs, warmUp }: Size): Promise<Turn> {
  const sdk = await bed.start({ program: 'bench/peers/sdk.ts', env: { OPENAI_BASE_URL: provider.url } });
  await sdk.ask({ calls: warmUp, atOnce: AT_ONCE, input: body.input });
  const calls = jobs - TAIL - warmUp;
  const meter = startMeter({ worker: [sdk.pid] });
  await sdk.ask({ calls, atOnce: AT_ONCE, input: body.input });
  const turn = { rate: calls / meter.seconds(), workerUs: meter.read().worker / calls };
  await bed.end(sdk);
  return turn;
}

export const workerSdk: Row = {
  name: 'worker-sdk',
  title: 'worker CPU per short job through the openai SDK',
  figures: [
    {
      title: 'CPU of the worker',
      peer: 'the SDK call alone',
      unit: ' ×',
      goal: { atMost: 1.4 },
      of: ratio('workerUs', 'holdfast', 'sdk'),
    },
    { title: 'jobs/s', peer: 'calls/s of the SDK alone', unit: ' ×', of: ratio('rate', 'holdfast', 'sdk') },
  ],
  measure: ({ repetitions, quick }) =>
    withBed(async (bed) => {
      const [load, provider, redis] = [await startLoad(bed), await startProvider(bed), await bed.redis()];
      const holdfast = await HoldfastBed.start(bed, { redis, providerUrl: provider.url });
      const size = quick ? { jobs: 1_200, warmUp: 400 } : { jobs: 4_000, warmUp: 1_000 };
      const measured = await alternate(
        {
          holdfast: () => drainThroughSdk(holdfast, load, provider, size),
          sdk: () => callSdk(bed, provider, size),
        },
        repetitions,
      );
      return { load: `${AT_ONCE} at once, 1 KB bodies, answers of 10 tokens at once`, repetitions: measured };
    }),
};
