/** Rows `submit` and `submit-one`: what a submit over HTTP costs, against an API in front of BullMQ as people write it. */
import { type Bed, withBed } from '../bed/bed.ts';
import { HoldfastBed } from '../bed/holdfast.ts';
import { type HttpSubject, takeHttpTurn } from '../bed/http-turn.ts';
import { EXPRESS_BULLMQ, startExpress, startLoad, startSubmitApi } from '../bed/subjects.ts';
import { kilobyteBody, peerSubmitRequest, submitRequest } from '../bed/submissions.ts';
import { alternate, type Curve, type Row, ratio, type Scale } from '../row.ts';

/** The same API, where the tenant has limits and a budget that refuse nothing. */
async function startLimitedApi(bed: Bed): Promise<HttpSubject> {
  const redis = await bed.redis();
  const config = { prices: { '*': { input_usd_per_million: 1, output_usd_per_million: 2 } } };
  const holdfast = await HoldfastBed.start(bed, { redis, config });
  const admin = await holdfast.startConsole();
  const limits = { requests_per_minute: 1_000_000, max_queued: 10_000_000, budget_usd: { day: 1_000_000 } };
  await admin('PUT', '/admin/v1/tenants/default', { limits });
  return { ...holdfast.api, redis };
}

const holdfastRequests = [submitRequest(kilobyteBody())];
const expressRequests = [peerSubmitRequest(kilobyteBody())];

const CURVE_CONNECTIONS = [1, 4, 16, 64, 256];

async function measureSubmit({ repetitions, quick }: Scale) {
  return withBed(async (bed) => {
    const [load, holdfast, express, limited] = [
      await startLoad(bed),
      await startSubmitApi(bed),
      await startExpress(bed),
      await startLimitedApi(bed),
    ];
    const turn = (subject: HttpSubject, requests: string[], connections: number, ms: number) => () =>
      takeHttpTurn(load, subject, { connections, requests, until: { ms } });
    const ms = quick ? 800 : 3_000;
    const measured = await alternate(
      {
        holdfast: turn(holdfast, holdfastRequests, 64, ms),
        express: turn(express, expressRequests, 64, ms),
        limited: turn(limited, holdfastRequests, 64, ms),
      },
      repetitions,
    );
    const curve: Curve = {
      name: 'throughput-against-concurrency',
      title: 'Submits: throughput against concurrency',
      x: 'connections',
      y: 'submits/s',
      lines: [
        { subject: 'Holdfast', points: [] },
        { subject: EXPRESS_BULLMQ, points: [] },
      ],
    };
    for (const connections of CURVE_CONNECTIONS) {
      const [own, peer] = await Promise.all(curve.lines.map(({ points }) => points));
      const short = quick ? 400 : 1_500;
      own?.push({ x: connections, y: (await turn(holdfast, holdfastRequests, connections, short)()).rate ?? 0 });
      peer?.push({ x: connections, y: (await turn(express, expressRequests, connections, short)()).rate ?? 0 });
    }
    return { load: '64 connections, 1 KB body, a key each', repetitions: measured, curves: [curve] };
  });
}

export const submit: Row = {
  name: 'submit',
  title: 'submit over HTTP',
  figures: [
    {
      title: 'requests/s',
      peer: EXPRESS_BULLMQ,
      unit: ' ×',
      goal: { atLeast: 1.2 },
      of: ratio('rate', 'holdfast', 'express'),
    },
    { title: 'p99', peer: EXPRESS_BULLMQ, unit: ' ×', goal: { atMost: 1 }, of: ratio('p99', 'holdfast', 'express') },
    {
      title: 'Node CPU',
      peer: EXPRESS_BULLMQ,
      unit: ' ×',
      goal: { atMost: 1 },
      of: ratio('nodeUs', 'holdfast', 'express'),
    },
    {
      title: 'Redis CPU',
      peer: EXPRESS_BULLMQ,
      unit: ' ×',
      goal: { atMost: 1 },
      of: ratio('redisUs', 'holdfast', 'express'),
    },
    {
      title: 'requests/s, with limits and budgets',
      peer: EXPRESS_BULLMQ,
      unit: ' ×',
      of: ratio('rate', 'limited', 'express'),
    },
  ],
  measure: measureSubmit,
};

export const submitOne: Row = {
  name: 'submit-one',
  title: 'one submit at a time',
  figures: [
    { title: 'p50', peer: EXPRESS_BULLMQ, unit: ' ×', goal: { atMost: 1.3 }, of: ratio('p50', 'holdfast', 'express') },
  ],
  measure: ({ repetitions, quick }) =>
    withBed(async (bed) => {
      const [load, holdfast, express] = [await startLoad(bed), await startSubmitApi(bed), await startExpress(bed)];
      const until = { ms: quick ? 500 : 2_000 };
      const measured = await alternate(
        {
          holdfast: () => takeHttpTurn(load, holdfast, { connections: 1, requests: holdfastRequests, until }),
          express: () => takeHttpTurn(load, express, { connections: 1, requests: expressRequests, until }),
        },
        repetitions,
      );
      return { load: '1 connection, 1 KB body, a key each', repetitions: measured };
    }),
};
