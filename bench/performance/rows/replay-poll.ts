/** Rows `replay` and `poll`: a submit under a key that is already used, and one read of a job. */

import type { LoadAnswer } from '../../load/requests.ts';
import { withBed } from '../bed/bed.ts';
import { authorized } from '../bed/holdfast.ts';
import { type HttpSubject, takeHttpTurn } from '../bed/http-turn.ts';
import type { BenchProcess } from '../bed/processes.ts';
import { EXPRESS_BULLMQ as PEER, startExpress, startLoad, startSubmitApi } from '../bed/subjects.ts';
import { getRequest, kilobyteBody, peerSubmitRequest, submitRequest } from '../bed/submissions.ts';
import { alternate, type Row, ratio, requestTurns, type Scale } from '../row.ts';

const JOBS = 500;
const CONNECTIONS = 64;
const keys = Array.from({ length: JOBS }, (_, at) => `replay-${at}`);
const submissions = {
  holdfast: keys.map((key) => submitRequest(kilobyteBody(), key)),
  express: keys.map((key) => peerSubmitRequest(kilobyteBody(), key)),
};

/** Submits each request once. @returns the ids of the jobs */
async function submitAll(load: BenchProcess, { port }: HttpSubject, requests: readonly string[]): Promise<string[]> {
  const command = { port, connections: 16, requests, until: { count: JOBS }, wantsIds: true };
  return (await load.ask<LoadAnswer>(command)).ids;
}

interface Requests {
  holdfast: readonly string[];
  express: readonly string[];
}

/** @param requestsFor gets the ids of the existing jobs */
async function measure(scale: Scale, what: string, requestsFor: (ids: Requests) => Requests) {
  return withBed(async (bed) => {
    const [load, holdfast, express] = await Promise.all([startLoad(bed), startSubmitApi(bed), startExpress(bed)]);
    const requests = requestsFor({
      holdfast: await submitAll(load, holdfast, submissions.holdfast),
      express: await submitAll(load, express, submissions.express),
    });
    const { repetitions, ms } = requestTurns(scale);
    const command = { connections: CONNECTIONS, until: { ms } };
    const measured = await alternate(
      {
        holdfast: () => takeHttpTurn(load, holdfast, { ...command, requests: requests.holdfast }),
        express: () => takeHttpTurn(load, express, { ...command, requests: requests.express }),
      },
      repetitions,
    );
    return { load: `${CONNECTIONS} connections, ${what} of ${JOBS} waiting jobs of 1 KB`, repetitions: measured };
  });
}

const figures = [
  { title: 'requests/s', peer: PEER, unit: ' ×', goal: { atLeast: 2 }, of: ratio('rate', 'holdfast', 'express') },
  { title: 'CPU of Node and Redis', peer: PEER, unit: ' ×', of: ratio('cpuUs', 'holdfast', 'express') },
];

export const replay: Row = {
  name: 'replay',
  title: 'replayed submit',
  figures,
  measure: (scale) => measure(scale, 'submits', () => submissions),
};

export const poll: Row = {
  name: 'poll',
  title: 'poll',
  figures,
  guarded: figures.map(({ title }) => title),
  measure: (scale) =>
    measure(scale, 'polls', ({ holdfast, express }) => ({
      holdfast: holdfast.map((id) => getRequest(`/v1/jobs/${id}`, authorized)),
      express: express.map((id) => getRequest(`/jobs/${id}`, {})),
    })),
};
