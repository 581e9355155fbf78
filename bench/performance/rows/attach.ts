/** Row `attach`: to read a whole journal of 2,000 tokens, against the same bytes from the memory of a process. */
import { writeFileSync } from 'node:fs';
import type { AttachAnswer, ReaderCommand } from '../../load/readers.ts';
import { withBed } from '../bed/bed.ts';
import { authorized, HoldfastBed } from '../bed/holdfast.ts';
import { startExpressSse, startLoad, startProvider, startReaders } from '../bed/subjects.ts';
import { chatBody, submitRequest } from '../bed/submissions.ts';
import { alternate, type Row, ratio, type Turn } from '../row.ts';

const TOKENS = 2_000;
const MANY = 50;
const PEER = 'in-process Express SSE of the same bytes';

export const attach: Row = {
  name: 'attach',
  title: `attach to ${TOKENS.toLocaleString('en')} tokens`,
  figures: [
    { title: 'last byte', peer: PEER, unit: ' ×', goal: { atMost: 2 }, of: ratio('one', 'holdfast', 'sse') },
    {
      title: `${MANY} at once, all done`,
      peer: PEER,
      unit: ' ×',
      goal: { atMost: 2 },
      of: ratio('many', 'holdfast', 'sse'),
    },
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
      const worker = await holdfast.startWorker();
      const request = submitRequest(chatBody('Say much.', `tokens=${TOKENS}&itl_ms=1`));
      const [id] = await holdfast.submit(load, [request], 1);
      const path = `/v1/jobs/${id}/events`;
      const whole = await fetch(`http://127.0.0.1:${holdfast.api.port}${path}`, { headers: authorized });
      const file = bed.file('events');
      writeFileSync(file, await whole.text());
      await holdfast.stop(worker);
      const sse = await startExpressSse(bed);
      const turn = async (port: number, streamPath: string): Promise<Turn> => {
        const command = { kind: 'attach' as const, port, paths: [streamPath], headers: authorized };
        const ask = (atOnce: number, times: number) =>
          readers.ask<AttachAnswer>({ ...command, atOnce, times } satisfies ReaderCommand);
        const one = await ask(1, quick ? 30 : 150);
        const many = await ask(MANY, quick ? 3 : 15);
        return { one: one.lastByte, many: many.allDone, bytes: one.bytes };
      };
      const measured = await alternate(
        {
          holdfast: () => turn(holdfast.api.port, path),
          sse: () => turn(sse.port, `/file?path=${encodeURIComponent(file)}`),
        },
        repetitions,
      );
      return { load: '1 at a time; 50 at once', repetitions: measured };
    }),
};
