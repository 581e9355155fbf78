/**
 * Row `hostile-tenant`: how much a hostile neighbor slows down a tenant's submits and polls, in the same API, worker and Redis.
 * The neighbor makes answers of 30 MB and reads them all the time. 4,000 of its jobs pass their deadlines while they wait.
 */
import { withBed } from '../bed/bed.ts';
import { authorized, HoldfastBed } from '../bed/holdfast.ts';
import { takeHttpTurn } from '../bed/http-turn.ts';
import { startLoad, startProvider } from '../bed/subjects.ts';
import { chatBody, getRequest, kilobyteBody, submitRequest } from '../bed/submissions.ts';
import { alternate, type Row, ratio, type Turn } from '../row.ts';

const LARGE = 'tokens=30&token_bytes=1000000';
const READERS = 3;
const DEADLINES = 4_000;
const PEER = 'the same alone';

export const hostileTenant: Row = {
  name: 'hostile-tenant',
  title: 'a tenant beside a hostile one',
  figures: [
    {
      title: 'p95 of its submits',
      peer: PEER,
      unit: ' ×',
      goal: { atMost: 3 },
      of: ratio('submitP95', 'beside', 'alone'),
    },
    { title: 'p95 of its polls', peer: PEER, unit: ' ×', goal: { atMost: 3 }, of: ratio('pollP95', 'beside', 'alone') },
  ],
  measure: ({ repetitions, quick }) =>
    withBed(async (bed) => {
      const [load, hostileLoad, provider, redis] = await Promise.all([
        startLoad(bed),
        startLoad(bed),
        startProvider(bed),
        bed.redis(),
      ]);
      const holdfast = await HoldfastBed.start(bed, { redis, providerUrl: provider.url });
      await holdfast.startWorker();
      const admin = await holdfast.startConsole();
      await admin('PUT', '/admin/v1/tenants/hostile', { limits: { max_running: 2 } });
      const made = await admin('POST', '/admin/v1/tenants/hostile/keys', { scopes: ['submit', 'read'] });
      const hostile = { authorization: `Bearer ${(made as { key: string }).key}` };
      const subject = { ...holdfast.api, redis };
      const ms = quick ? 1_500 : 4_000;

      const [polled = ''] = await holdfast.submit(load, [submitRequest(kilobyteBody('tokens=5'))], 1);
      const takeTurn = async (): Promise<Turn> => {
        const command = { connections: 4, until: { ms } };
        const submits = await takeHttpTurn(load, subject, {
          ...command,
          requests: [submitRequest(kilobyteBody('tokens=5'))],
        });
        const polls = await takeHttpTurn(load, subject, {
          ...command,
          requests: [getRequest(`/v1/jobs/${polled}`, authorized)],
        });
        return { submitP95: submits.p95 ?? 0, pollP95: polls.p95 ?? 0 };
      };

      const hostileCommand = { port: holdfast.api.port, wantsIds: true };
      const large = submitRequest(chatBody('large', LARGE), undefined, hostile);
      const submitLarge = (count: number) =>
        hostileLoad.ask<{ ids: string[] }>({ ...hostileCommand, connections: 1, requests: [large], until: { count } });
      const [whole = ''] = (await submitLarge(1)).ids;
      await untilEnded(holdfast.api.port, whole, hostile);
      const beside = async (): Promise<Turn> => {
        const late = { ...chatBody('late', 'tokens=1'), deadline_ms: 1_000 };
        await submitLarge(4);
        const requests = [submitRequest(late, undefined, hostile)];
        await hostileLoad.ask({ ...hostileCommand, connections: 16, requests, until: { count: DEADLINES } });
        const reading = hostileLoad.ask({
          port: holdfast.api.port,
          connections: READERS,
          until: { ms: 2 * ms },
          requests: [getRequest(`/v1/jobs/${whole}`, hostile)],
        });
        const turn = await takeTurn();
        await reading;
        return turn;
      };
      const measured = await alternate({ alone: takeTurn, beside }, repetitions);
      return {
        load: `4 connections; beside it ${READERS} readers of an answer of 30 MB, four more being made, ${DEADLINES} deadlines within a second`,
        repetitions: measured,
      };
    }),
};

async function untilEnded(port: number, id: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/jobs/${id}?wait=60`, { headers });
  const { status } = (await response.json()) as { status: string };
  if (status !== 'completed') throw new Error(`The large job should be completed, and is ${status}.`);
}
