/**
 * Row `tokens`: what a token costs a worker and Redis at a model's pace, with 0, 1 and 10 readers of each stream. The peers are
 * the SDK alone, and `resumable-stream` with as many readers.
 */
import type { ListenerCommand } from '../../peers/resumable-listener.ts';
import type { ProducerCommand } from '../../peers/resumable-producer.ts';
import type { SdkCommand } from '../../peers/sdk.ts';
import { type Bed, withBed } from '../bed/bed.ts';
import { startMeter } from '../bed/cpu.ts';
import { authorized, HoldfastBed } from '../bed/holdfast.ts';
import { type Provider, startLoad, startProvider, startReaders } from '../bed/subjects.ts';
import { chatBody, submitRequest } from '../bed/submissions.ts';
import { alternate, type Figure, type Row, ratio, type Turn } from '../row.ts';

const STREAMS = 20;
const ITL_MS = 20;
/** Long enough that all readers have attached before the first token. */
const TTFT_MS = 700;

const simOf = (tokens: number) => `tokens=${tokens}&itl_ms=${ITL_MS}&ttft_ms=${TTFT_MS}`;

/** Takes one turn, with so many readers of each stream. */
type TakeTurn = (readers: number, tokens: number) => Promise<Turn>;

async function startHoldfastStreams(bed: Bed, provider: Provider): Promise<TakeTurn> {
  const [load, readers, redis] = [await startLoad(bed), await startReaders(bed), await bed.redis()];
  const holdfast = await HoldfastBed.start(bed, { redis, providerUrl: provider.url });
  const worker = await holdfast.startWorker();
  return async (perStream, tokens) => {
    const body = chatBody('Say something.', simOf(tokens));
    const before = await provider.completed();
    const meter = startMeter({ worker: [worker.pid], redis: [redis.pid], api: [holdfast.api.process.pid] });
    const ids = await holdfast.submit(load, [submitRequest(body)], STREAMS);
    const paths = ids.map((id) => `/v1/jobs/${id}/events`);
    const streams = { port: holdfast.api.port, paths, headers: authorized };
    if (perStream > 0) {
      await readers.ask({ kind: 'follow', readers: STREAMS * perStream, hasClock: false, ...streams });
    }
    while ((await provider.completed()) - before < STREAMS) await new Promise((resolve) => setTimeout(resolve, 20));
    const used = meter.read();
    const all = STREAMS * tokens;
    return { workerUs: used.worker / all, redisUs: used.redis / all, apiUs: used.api / all };
  };
}

async function startResumableStreams(bed: Bed, provider: Provider): Promise<TakeTurn> {
  const redis = await bed.redis();
  const env = { REDIS_URL: redis.url, OPENAI_BASE_URL: provider.url };
  const producer = await bed.start({ program: 'bench/peers/resumable-producer.ts', env });
  const listener = await bed.start({ program: 'bench/peers/resumable-listener.ts', env });
  let turns = 0;
  return async (listeners, tokens) => {
    const turn = turns++;
    const ids = Array.from({ length: STREAMS }, (_, at) => `${turn}-${at}`);
    const meter = startMeter({ worker: [producer.pid], redis: [redis.pid] });
    const command: ProducerCommand = { ids, input: chatBody('Say something.', simOf(tokens)).input };
    await producer.ask(command);
    const listen: ListenerCommand = { ids, listeners };
    const events = await listener.ask<number>(listen);
    await producer.ask('untilEnd' satisfies ProducerCommand);
    if (events < STREAMS * listeners * tokens)
      throw new Error(`resumable-stream lost events: expected ${STREAMS * listeners * tokens}, got ${events}.`);
    const used = meter.read();
    const all = STREAMS * tokens;
    return { workerUs: used.worker / all, redisUs: used.redis / all };
  };
}

async function startSdkStreams(bed: Bed, provider: Provider): Promise<TakeTurn> {
  const sdk = await bed.start({ program: 'bench/peers/sdk.ts', env: { OPENAI_BASE_URL: provider.url } });
  return async (_, tokens) => {
    const meter = startMeter({ worker: [sdk.pid] });
    const { input } = chatBody('Say something.', simOf(tokens));
    await sdk.ask({ calls: STREAMS, atOnce: STREAMS, input } satisfies SdkCommand);
    return { workerUs: meter.read().worker / (STREAMS * tokens) };
  };
}

const SDK = 'the SDK alone';
const resumable = (readers: number) => `resumable-stream, ${readers} reader${readers === 1 ? '' : 's'}`;

function figure(title: string, peer: string, atMost: number | null, of: Figure['of']): Figure {
  return { title, peer, unit: ' ×', ...(atMost === null ? {} : { goal: { atMost } }), of };
}

export const tokens: Row = {
  name: 'tokens',
  title: 'cost of a token',
  figures: [
    figure('worker CPU, 0 readers, against the SDK', SDK, 1.5, ratio('workerUs', 'holdfast 0', 'sdk')),
    figure('worker CPU, 1 reader, against the SDK', SDK, 1.5, ratio('workerUs', 'holdfast 1', 'sdk')),
    figure('worker CPU, 10 readers, against the SDK', SDK, 1.5, ratio('workerUs', 'holdfast 10', 'sdk')),
    figure('worker CPU, 1 reader', resumable(1), 1, ratio('workerUs', 'holdfast 1', 'resumable 1')),
    figure('worker CPU, 10 readers', resumable(10), 0.5, ratio('workerUs', 'holdfast 10', 'resumable 10')),
    figure('Redis CPU, 1 reader', resumable(1), 0.7, ratio('redisUs', 'holdfast 1', 'resumable 1')),
    figure('Redis CPU, 10 readers', resumable(10), null, ratio('redisUs', 'holdfast 10', 'resumable 10')),
  ],
  guarded: ['worker CPU, 1 reader, against the SDK'],
  measure: ({ repetitions, quick, brief }) =>
    withBed(async (bed) => {
      const provider = await startProvider(bed);
      const [sdk, holdfast, resumableStream] = [
        await startSdkStreams(bed, provider),
        await startHoldfastStreams(bed, provider),
        await startResumableStreams(bed, provider),
      ];
      const perStream = quick || brief ? 100 : 300;
      if (brief) {
        const short = { sdk: () => sdk(0, perStream), 'holdfast 1': () => holdfast(1, perStream) };
        return { load: '', repetitions: await alternate(short, repetitions) };
      }
      const measured = await alternate(
        {
          sdk: () => sdk(0, perStream),
          'holdfast 0': () => holdfast(0, perStream),
          'holdfast 1': () => holdfast(1, perStream),
          'resumable 1': () => resumableStream(1, perStream),
          'holdfast 10': () => holdfast(10, perStream),
          'resumable 10': () => resumableStream(10, perStream),
        },
        repetitions,
      );
      return { load: `${STREAMS} streams of 50 tokens a second; readers: to each stream`, repetitions: measured };
    }),
};
