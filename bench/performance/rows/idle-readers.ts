/**
 * Row `idle-readers`: RAM for each attached client that gets nothing, against Express that only holds the connection. Each client
 * reads a waiting job of its own. Each turn starts a new server, because a process doesn't give memory back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../../statistics.ts';
import { type Bed, withBed } from '../bed/bed.ts';
import { residentBytes } from '../bed/cpu.ts';
import { authorized, HoldfastBed } from '../bed/holdfast.ts';
import type { BenchProcess } from '../bed/processes.ts';
import { startExpressSse, startLoad, startReaders } from '../bed/subjects.ts';
import { kilobyteBody, submitRequest } from '../bed/submissions.ts';
import {
  alternate,
  type Curve,
  type Figure,
  measuredValue,
  type Repetition,
  type Row,
  ratio,
  type Scale,
} from '../row.ts';

const PEER = 'Express SSE alone';
/** So many clients attach and detach before the measurement. */
const WARM_UP = 200;
const QUIET_MS = 2_000;

interface Server {
  process: BenchProcess;
  port: number;
}

/** KB for each client, by the number of clients. @param counts ascending */
async function fillServer(bed: Bed, { process, port }: Server, paths: readonly string[], counts: readonly number[]) {
  const readers = await startReaders(bed);
  const hold = (count: number) => readers.ask({ kind: 'hold', readers: count, port, paths, headers: authorized });
  await hold(WARM_UP);
  await readers.ask({ kind: 'drop' });
  await delay(QUIET_MS);
  const before = residentBytes(process.pid);
  const turn: Record<string, number> = {};
  let attached = 0;
  for (const count of counts) {
    await hold(count - attached);
    attached = count;
    await delay(QUIET_MS);
    turn[`kb${count}`] = (residentBytes(process.pid) - before) / 1_024 / count;
  }
  await bed.end(readers);
  await bed.end(process);
  return turn;
}

function curveOf(repetitions: readonly Repetition[], counts: readonly number[]): Curve {
  const pointsOf = (subject: string) =>
    counts.map((count) => {
      const perClient = repetitions.map((repetition) => measuredValue(repetition, subject, `kb${count}`));
      return { x: count, y: (quantile(perClient, 0.5) * count) / 1_024 };
    });
  return {
    name: 'memory-against-attached-clients',
    title: 'Memory against attached clients',
    x: 'attached clients that get nothing',
    y: 'MB of RAM more',
    lines: [
      { subject: 'Holdfast', points: pointsOf('holdfast') },
      { subject: PEER, points: pointsOf('sse') },
    ],
  };
}

async function measure({ repetitions, quick, long }: Scale) {
  const counts = quick ? [250, 1_000, 2_000] : [500, 1_000, 2_000, ...(long ? [5_000, 10_000] : [])];
  const maxClients = counts.at(-1) ?? 0;
  return withBed(async (bed) => {
    const load = await startLoad(bed);
    const holdfast = await HoldfastBed.start(bed, { redis: await bed.redis() });
    const ids = await holdfast.submit(load, [submitRequest(kilobyteBody())], maxClients);
    const paths = ids.map((id) => `/v1/jobs/${id}/events`);
    const measured = await alternate(
      {
        holdfast: async () => fillServer(bed, await holdfast.startApi(), paths, counts),
        sse: async () => fillServer(bed, await startExpressSse(bed), ['/idle'], counts),
      },
      repetitions,
    );
    const clients = counts.map((count) => count.toLocaleString('en')).join(', ');
    return { load: `${clients} clients, a job each`, repetitions: measured, curves: [curveOf(measured, counts)] };
  });
}

const figure = (clients: number): Figure => ({
  title: `RAM per client, ${clients.toLocaleString('en')} clients`,
  peer: PEER,
  unit: ' ×',
  goal: { atMost: 1.2 },
  of: ratio(`kb${clients}`, 'holdfast', 'sse'),
});

export const idleReaders: Row = {
  name: 'idle-readers',
  title: 'idle attached clients',
  figures: [figure(2_000), { ...figure(10_000), isLong: true }],
  measure,
};
