/** Row `token-latency`: the time from the provider's write of a token to its reader, against an in-process event stream. */
import type { FollowAnswer, ReaderCommand } from '../../load/readers.ts';
import { withBed } from '../bed/bed.ts';
import { authorized, HoldfastBed } from '../bed/holdfast.ts';
import { startExpressSse, startLoad, startProvider, startReaders } from '../bed/subjects.ts';
import { chatBody, submitRequest } from '../bed/submissions.ts';
import { alternate, difference, type Row, type Turn } from '../row.ts';

const STREAMS = 50;
const ITL_MS = 20;
const TTFT_MS = 700;
const PEER = 'in-process Express SSE';

/** The beginnings are spread over one interval. Otherwise all streams would write their tokens at the same moments. */
const simsOf = (tokens: number) =>
  Array.from({ length: STREAMS }, (_, at) => {
    const ttftMs = TTFT_MS + (at * ITL_MS) / STREAMS;
    return `clock=1&tokens=${tokens}&itl_ms=${ITL_MS}&ttft_ms=${ttftMs}`;
  });

export const tokenLatency: Row = {
  name: 'token-latency',
  title: 'token latency',
  figures: [
    { title: 'p50 added', peer: PEER, unit: ' ms', goal: { atMost: 3 }, of: difference('p50', 'holdfast', 'sse') },
    { title: 'p99 added', peer: PEER, unit: ' ms', goal: { atMost: 10 }, of: difference('p99', 'holdfast', 'sse') },
  ],
  measure: ({ repetitions, quick }) =>
    withBed(async (bed) => {
      const [load, readers, provider, redis] = [
        await startLoad(bed),
        await startReaders(bed),
        await startProvider(bed),
        await bed.redis(),
      ];
      const holdfast = await HoldfastBed.start(bed, { redis, providerUrl: provider.url });
      await holdfast.startWorker();
      const sse = await startExpressSse(bed);
      const tokens = quick ? 100 : 250;
      const sims = simsOf(tokens);
      const follow = async (port: number, paths: string[]): Promise<Turn> => {
        const command: ReaderCommand = {
          kind: 'follow',
          readers: STREAMS,
          hasClock: true,
          port,
          paths,
          headers: authorized,
        };
        const { p50, p99, tokens: came } = await readers.ask<FollowAnswer>(command);
        if (came !== STREAMS * tokens) throw new Error(`Expected ${STREAMS * tokens} tokens, got ${came}.`);
        return { p50, p99 };
      };
      const requests = sims.map((sim) => submitRequest(chatBody('What time is it?', sim)));
      const measured = await alternate(
        {
          holdfast: async () => {
            const ids = await holdfast.submit(load, requests, STREAMS);
            return follow(
              holdfast.api.port,
              ids.map((id) => `/v1/jobs/${id}/events`),
            );
          },
          sse: () =>
            follow(
              sse.port,
              sims.map((sim) => `/live?${sim}`),
            ),
        },
        repetitions,
      );
      return { load: `${STREAMS} streams of 50 tokens a second, one reader each`, repetitions: measured };
    }),
};
