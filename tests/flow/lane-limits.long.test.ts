/** Limits over several API and worker processes, by the simulator's own counts. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { adminKey, freePort, oneLane, Stack, type StackOptions, until } from '../stack/stack.ts';
import { jobsOf, makeTenant, submitAll } from '../stack/tenants.ts';
import { jobsAtOnce } from './scenarios/jobs-at-once.ts';
import { lanePace } from './scenarios/lane-pace.ts';
import { exceeded } from './scenarios/scenario.ts';

let stack: Stack;
let probe: JournalProbe;

async function start(options: StackOptions): Promise<void> {
  stack = await Stack.start(options);
  probe = await JournalProbe.open(stack);
}

afterEach(async () => {
  await probe.close();
  await stack.close();
});

const counts = () => probe.queue.scheduler.counts('default');

async function expectNoPermitsLeft(): Promise<void> {
  await until('all permits are free', async () => (await counts()).permits === 0);
  for (const key of ['running', 'waiting', 'lanes']) {
    expect(await probe.redis.hgetall(probe.cell.keys.sched(key))).toEqual({});
  }
  expect(await counts()).toEqual({ waiting: 0, delayed: 0, permits: 0 });
}

describe('jobs at once', () => {
  it('of a lane and of a tenant are exactly as many as they may, over 3 API and 4 worker processes', async () => {
    await start(jobsAtOnce.stack);
    const { counts } = await jobsAtOnce.play({ stack, probe });
    expect(counts).toEqual({ ...jobsAtOnce.most, calls: 100 });
    await expectNoPermitsLeft();
  });

  it('change as soon as an admin changes them', async () => {
    await start({ config: oneLane({ max_running: 2 }) });
    const consolePort = String(await freePort());
    await stack.start('console', { CONSOLE_PORT: consolePort });
    const admin = (method: string, path: string, body: object) =>
      fetch(`http://127.0.0.1:${consolePort}/admin/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const client = await makeTenant(stack, probe, 'acme', { max_running: 1 });
    const ids = await submitAll([client], jobsOf('changed', 6, 'tokens=900&itl_ms=20'));
    const slots = async (most: number) => until(`${most} run`, async () => (await counts()).permits === most);
    await slots(1);
    expect((await admin('PUT', '/tenants/acme', { limits: { max_running: 4 } })).status).toBe(200);
    await slots(2);
    expect((await admin('PATCH', '/lanes/default', { limits: { max_running: 3 } })).status).toBe(200);
    await slots(3);
    expect((await admin('PATCH', '/lanes/default', { limits: { max_running: 9 } })).status).toBe(200);
    await slots(4);
    for (const id of ids) await client.cancel(id);
    await expectNoPermitsLeft();
  });

  it('leak no permit when workers are killed, and none when all scheduling keys are deleted under load', async () => {
    await start({ workers: 2, config: oneLane({ max_running: 6 }) });
    const client = await makeTenant(stack, probe, 'acme', { max_running: 5 });
    const ids = await submitAll([client], jobsOf('killed', 60, 'tokens=20&itl_ms=20'));
    const [first, second] = stack.running('worker');
    await until('some are done', async () => (await stack.providerCalls('killed')).completed > 10);
    await first?.end('SIGKILL');
    await stack.start('worker');
    await until('more are done', async () => (await stack.providerCalls('killed')).completed > 20);
    const keys = await probe.redis.keys(probe.cell.keys.sched('*'));
    expect(keys.length).toBeGreaterThan(5);
    await probe.redis.del(...keys);
    await second?.end('SIGKILL');
    await probe.completed(ids);
    await expectNoPermitsLeft();
  });
});

describe('requests a minute', () => {
  it('are kept by processes whose clocks are 5 minutes off, and cost no attempt', async () => {
    await start(lanePace.stack);
    const { counts, ids } = await lanePace.play({ stack, probe });
    expect(exceeded(lanePace, counts)).toEqual([]);
    expect(counts.calls).toBe(12);
    for (const id of ids) expect(await probe.field(id, 'attempt')).toBe('1');
    await expectNoPermitsLeft();
  });

  it('slow down when the provider asks for quiet, for every job of the lane', async () => {
    await start({ config: oneLane({}) });
    const client = await makeTenant(stack, probe, 'acme');
    const [refused = ''] = await submitAll([client], jobsOf('refused', 1, 'tokens=1&fail=429&retry_after=3'));
    await until('it was refused', async () => (await probe.field(refused, 'failures')) === '1');
    const [id = ''] = await submitAll([client], jobsOf('after', 1, 'tokens=1'));
    await probe.completed([refused, id]);
    const [failedAt, startedAt] = await Promise.all([
      probe.field(refused, 'created_at'),
      probe.field(id, 'started_at'),
    ]);
    expect(Number(startedAt) - Number(failedAt)).toBeGreaterThanOrEqual(3_000);
  });
});
