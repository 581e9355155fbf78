/** Row `memory`: how much of Redis' memory a job takes beyond its body while it waits, and beyond its text after its end. */
import { setTimeout as delay } from 'node:timers/promises';
import { withBed } from '../bed/bed.ts';
import { HoldfastBed } from '../bed/holdfast.ts';
import type { BenchRedis } from '../bed/redis.ts';
import { startLoad, startProvider } from '../bed/subjects.ts';
import { BODY_BYTES, chatBody, kilobyteBody, submitRequest } from '../bed/submissions.ts';
import { measuredValue, type Repetition, type Row, type Turn } from '../row.ts';

/** Two shapes of answers: in one piece, and token by token as a model writes. */
const shapes = {
  whole: { tokens: 1, tokenBytes: 1_128, itlMs: 0, title: 'in one piece' },
  paced: { tokens: 200, tokenBytes: 7, itlMs: 5, title: 'in 200 tokens, 5 ms apart' },
};
/** Packed parts replace the originals 15 s later, and nothing changes before that. So this must be longer. */
const QUIET_MS = 20_000;

/** Waits until Redis' memory has not shrunk for `QUIET_MS`. */
async function untilPacked(redis: BenchRedis): Promise<void> {
  let [lowest, since] = [Number.POSITIVE_INFINITY, performance.now()];
  while (performance.now() - since < QUIET_MS) {
    await delay(1_000);
    const bytes = await redis.dataBytes();
    if (bytes < lowest * 0.999) [lowest, since] = [bytes, performance.now()];
  }
}

type Shape = (typeof shapes)[keyof typeof shapes];

async function measureShapes(jobs: number): Promise<Repetition> {
  return withBed(async (bed) => {
    const [load, provider, redis] = [await startLoad(bed), await startProvider(bed), await bed.redis()];
    const holdfast = await HoldfastBed.start(bed, { redis, providerUrl: provider.url });
    await holdfast.submit(load, [submitRequest(kilobyteBody())], 100);
    const bytesOf = async (count: number, fill: () => Promise<unknown>): Promise<Turn> => {
      const before = await redis.dataBytes();
      await fill();
      return { bytes: ((await redis.dataBytes()) - before) / count };
    };
    const waiting = await bytesOf(jobs, () => holdfast.submit(load, [submitRequest(kilobyteBody())], jobs));
    const worker = await holdfast.startWorker();
    await holdfast.untilIdle();
    const ended = async ({ tokens, tokenBytes, itlMs }: Shape, count: number) =>
      bytesOf(count, async () => {
        const body = chatBody('Say something.', `tokens=${tokens}&token_bytes=${tokenBytes}&itl_ms=${itlMs}`);
        await holdfast.submit(load, [submitRequest(body)], count);
        await holdfast.untilIdle();
        await untilPacked(redis);
      });
    const repetition = {
      waiting,
      whole: await ended(shapes.whole, jobs),
      paced: await ended(shapes.paced, Math.ceil(jobs / 5)),
    };
    await holdfast.stop(worker);
    return repetition;
  });
}

/** KB that an ended job takes beyond 1.3 times its text. */
const endedFigure = (name: keyof typeof shapes) => {
  const { tokens, tokenBytes, title } = shapes[name];
  const textBytes = tokens * tokenBytes;
  return {
    title: `ended job, beyond 1.3 × its text of ${(textBytes / 1_024).toFixed(1)} KB ${title}`,
    peer: 'its text',
    unit: ' KB',
    goal: { atMost: 1.5 },
    of: (repetition: Repetition) => (measuredValue(repetition, name, 'bytes') - 1.3 * textBytes) / 1_024,
  };
};

export const memory: Row = {
  name: 'memory',
  title: 'Redis memory per job',
  figures: [
    {
      title: 'waiting job, beyond its body of 1 KB',
      peer: 'its body',
      unit: ' KB',
      goal: { atMost: 1.2 },
      of: (repetition) => (measuredValue(repetition, 'waiting', 'bytes') - BODY_BYTES) / 1_024,
    },
    endedFigure('whole'),
    endedFigure('paced'),
  ],
  async measure({ repetitions, quick }) {
    const jobs = quick ? 1_000 : 5_000;
    const measured: Repetition[] = [];
    // Memory varies far less than time: three repetitions are enough.
    for (let at = 0; at < Math.min(3, repetitions); at++) measured.push(await measureShapes(jobs));
    return { load: `${jobs.toLocaleString('en')} jobs of each kind`, repetitions: measured };
  },
};
