/** Row `list`: a page of 20 jobs, against one poll of a job, at the same API. The jobs have ended, like most jobs of a list. */
import { withBed } from '../bed/bed.ts';
import { authorized, HoldfastBed } from '../bed/holdfast.ts';
import { takeHttpTurn } from '../bed/http-turn.ts';
import { startLoad, startProvider } from '../bed/subjects.ts';
import { getRequest, kilobyteBody, submitRequest } from '../bed/submissions.ts';
import { alternate, type Row, ratio, requestTurns } from '../row.ts';

const JOBS = 200;

export const list: Row = {
  name: 'list',
  title: '`GET /v1/jobs?limit=20`',
  figures: [
    {
      title: 'CPU of API and Redis',
      peer: 'one poll',
      unit: ' ×',
      goal: { atMost: 6 },
      of: ratio('cpuUs', 'list', 'poll'),
    },
  ],
  measure: (scale) =>
    withBed(async (bed) => {
      const [load, provider, redis] = [await startLoad(bed), await startProvider(bed), await bed.redis()];
      const holdfast = await HoldfastBed.start(bed, { redis, providerUrl: provider.url });
      const worker = await holdfast.startWorker();
      const ids = await holdfast.submit(load, [submitRequest(kilobyteBody('tokens=200'))], JOBS);
      await holdfast.untilIdle();
      await holdfast.stop(worker);
      const subject = { ...holdfast.api, redis };
      const { repetitions, ms } = requestTurns(scale);
      const command = { connections: 16, until: { ms } };
      const polls = ids.map((id) => getRequest(`/v1/jobs/${id}`, authorized));
      const lists = [getRequest('/v1/jobs?limit=20', authorized)];
      const measured = await alternate(
        {
          list: () => takeHttpTurn(load, subject, { ...command, requests: lists }),
          poll: () => takeHttpTurn(load, subject, { ...command, requests: polls }),
        },
        repetitions,
      );
      return { load: `16 connections, ${JOBS} ended jobs: 1 KB bodies, 1.2 KB of text`, repetitions: measured };
    }),
};
