/** Rows `submit` and `submit-one`: what a submit over HTTP costs, against an API in front of BullMQ as people write it. */
import { type Bed, withBed } from '../bed/bed.ts';
import { HoldfastBed } from '../bed/holdfast.ts';
import { type HttpSubject, takeHttpTurn } from '../bed/http-turn.ts';
import { EXPRESS_BULLMQ, startExpress, startLoad, startSubmitApi } from '../bed/subjects.ts';
import { kilobyteBody, peerSubmitRequest, submitRequest } from '../bed/submissions.ts';
import { alternate, type Curve, type Measured, type Row, ratio, requestTurns, type Scale, type Turn } from '../row.ts';

/** The same API. Its tenant has limits and a budget, which refuse nothing. */
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

/** Measures one short turn at each concurrency. */
async function measureCurve(subjects: readonly { title: string; take: TakeTurn }[], ms: number): Promise<Curve> {
  const lines = subjects.map(({ title }) => ({ subject: title, points: [] as { x: number; y: number }[] }));
  for (const connections of CURVE_CONNECTIONS) {
    for (const [at, { take }] of subjects.entries()) {
      lines[at]?.points.push({ x: connections, y: (await take(connections, ms)).rate ?? Number.NaN });
    }
  }
  return {
    name: 'throughput-against-concurrency',
    title: 'Submits: throughput against concurrency',
    x: 'connections',
    y: 'submits/s',
    lines,
  };
}

type TakeTurn = (connections: number, ms: number) => Promise<Turn>;

async function measureSubmit(scale: Scale): Promise<Measured> {
  const { quick, brief } = scale;
  const { repetitions, ms } = requestTurns(scale);
  return withBed(async (bed) => {
    const [load, holdfast, express, limited] = await Promise.all([
      startLoad(bed),
      startSubmitApi(bed),
      startExpress(bed),
      brief ? null : startLimitedApi(bed),
    ]);
    const take =
      (subject: HttpSubject, requests: string[]): TakeTurn =>
      (connections, ms) =>
        takeHttpTurn(load, subject, { connections, requests, until: { ms } });
    const [ours, theirs] = [take(holdfast, holdfastRequests), take(express, expressRequests)];
    const withLimits = limited && take(limited, holdfastRequests);
    const measured = await alternate(
      {
        holdfast: () => ours(64, ms),
        express: () => theirs(64, ms),
        ...(withLimits && { limited: () => withLimits(64, ms) }),
      },
      repetitions,
    );
    const subjects = [
      { title: 'Holdfast', take: ours },
      { title: EXPRESS_BULLMQ, take: theirs },
    ];
    const curves = brief ? [] : [await measureCurve(subjects, quick ? 400 : 1_500)];
    return { load: '64 connections, 1 KB body, a key each', repetitions: measured, curves };
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
  guarded: ['requests/s', 'Node CPU', 'Redis CPU'],
  measure: measureSubmit,
};

export const submitOne: Row = {
  name: 'submit-one',
  title: 'one submit at a time',
  figures: [
    { title: 'p50', peer: EXPRESS_BULLMQ, unit: ' ×', goal: { atMost: 1.3 }, of: ratio('p50', 'holdfast', 'express') },
  ],
  measure: (scale) =>
    withBed(async (bed) => {
      const [load, holdfast, express] = [await startLoad(bed), await startSubmitApi(bed), await startExpress(bed)];
      const { repetitions, ms } = requestTurns(scale);
      const until = { ms };
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
