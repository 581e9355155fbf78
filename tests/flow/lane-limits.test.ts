/** Limits over several API and worker processes, by the simulator's own counts. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { JournalProbe } from './journal-probe.ts';
import { adminKey, chat, freePort, Stack, until } from './stack.ts';
import { makeTenant, makeTenantAt, submitAll } from './tenants.ts';

const TEST_MS = 90_000;

let stack: Stack;
let probe: JournalProbe;

async function start(limits: object, workers: number): Promise<void> {
  const provider = (base_url: string) => ({ models: ['*'], providers: [{ name: 'main', base_url }], limits });
  stack = await Stack.start({ workers, config: (url) => ({ lanes: { default: provider(url) } }) });
  probe = await JournalProbe.open(stack);
}

afterEach(async () => {
  await probe.close();
  await stack.close();
});

const jobsOf = (name: string, count: number, sim: string) => Array.from({ length: count }, () => chat(name, sim));
const counts = () => probe.queue.feed.counts('default');
const base = () => `{${stack.prefix}-queue}::`;

async function allEnd(ids: string[], ms: number): Promise<void> {
  const open = new Set(ids);
  await until(
    'all have ended',
    async () => {
      for (const id of open) if ((await probe.field(id, 'status')) === 'completed') open.delete(id);
      return open.size === 0;
    },
    ms,
  );
}

async function expectNoSlotsLeft(): Promise<void> {
  await until('all slots are free', async () => (await counts()).slots === 0);
  for (const key of ['running', 'waiting']) expect(await probe.redis.hgetall(base() + key)).toEqual({});
  expect(await counts()).toEqual({ waiting: 0, delayed: 0, slots: 0 });
}

/** A second API process. */
async function startApi(): Promise<string> {
  const port = String(await freePort());
  await stack.start('api', { PORT: port });
  return `http://127.0.0.1:${port}`;
}

describe('jobs at once', () => {
  it(
    'of a lane and of a tenant are exactly as many as they may, over 2 API and 4 worker processes',
    async () => {
      await start({ max_running: 7 }, 4);
      const apis = [stack.apiUrl, await startApi()];
      const capped = await makeTenantAt(stack, probe, apis, 'capped', { max_running: 3 });
      const free = await makeTenant(stack, probe, 'free');
      const [ofCapped, ofFree] = await Promise.all([
        submitAll(capped, jobsOf('capped', 40, 'tokens=8&itl_ms=10')),
        submitAll([free], jobsOf('free', 80, 'tokens=8&itl_ms=10')),
      ]);
      await allEnd([...ofCapped, ...ofFree], 60_000);
      expect(await stack.providerCalls('capped')).toMatchObject({ calls: 40, peak: 3 });
      expect((await stack.providerCalls('free')).calls).toBe(80);
      const total = await (await fetch(`${stack.simulatorUrl}/sim/calls`)).json();
      expect(total).toMatchObject({ calls: 120, peak: 7 });
      await expectNoSlotsLeft();
    },
    TEST_MS,
  );

  it(
    'change as soon as an admin changes them',
    async () => {
      await start({ max_running: 2 }, 1);
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
      const slots = async (most: number) => until(`${most} run`, async () => (await counts()).slots === most);
      await slots(1);
      expect((await admin('PUT', '/tenants/acme', { limits: { max_running: 4 } })).status).toBe(200);
      await slots(2);
      expect((await admin('PATCH', '/lanes/default', { limits: { max_running: 3 } })).status).toBe(200);
      await slots(3);
      expect((await admin('PATCH', '/lanes/default', { limits: { max_running: 9 } })).status).toBe(200);
      await slots(4);
      for (const id of ids) await client.cancel(id);
      await expectNoSlotsLeft();
    },
    TEST_MS,
  );

  it('leak no slot when workers are killed, and none when all scheduling keys are deleted under load', async () => {
    await start({ max_running: 6 }, 2);
    const client = await makeTenant(stack, probe, 'acme', { max_running: 5 });
    const ids = await submitAll([client], jobsOf('killed', 60, 'tokens=20&itl_ms=20'));
    const [first, second] = stack.running('worker');
    await until('some are done', async () => (await stack.providerCalls('killed')).completed > 10);
    await first?.end('SIGKILL');
    await stack.start('worker');
    await until('more are done', async () => (await stack.providerCalls('killed')).completed > 20);
    const keys = await probe.redis.keys(`${base()}*`);
    expect(keys.length).toBeGreaterThan(5);
    await probe.redis.del(...keys);
    await second?.end('SIGKILL');
    await allEnd(ids, 75_000);
    await expectNoSlotsLeft();
  }, 120_000);
});

describe('requests a minute', () => {
  it(
    'are kept by processes whose clocks are 5 minutes off, and cost no attempt',
    async () => {
      await start({ requests_per_minute: 60 }, 0);
      const skewed = (ms: number) => ({
        NODE_OPTIONS: `--import=data:text/javascript,const%20now=Date.now;Date.now=()=>now()+${ms}`,
      });
      await Promise.all([stack.start('worker', skewed(300_000)), stack.start('worker', skewed(-300_000))]);
      const client = await makeTenant(stack, probe, 'acme');
      const began = performance.now();
      const ids = await submitAll([client], jobsOf('slow', 12, 'tokens=1'));
      await allEnd(ids, 30_000);
      // The first 6 at once, then (61 - 6) in 61 s.
      expect(performance.now() - began).toBeGreaterThanOrEqual((6 / 55) * 61_000 - 50);
      expect((await stack.providerCalls('slow')).calls).toBe(12);
      for (const id of ids) expect(await probe.field(id, 'attempt')).toBe('1');
      await expectNoSlotsLeft();
    },
    TEST_MS,
  );

  it(
    'slow down when the provider asks for quiet, for every job of the lane',
    async () => {
      await start({}, 1);
      const client = await makeTenant(stack, probe, 'acme');
      const [refused = ''] = await submitAll([client], jobsOf('refused', 1, 'tokens=1&fail=429&retry_after=3'));
      await until('it was refused', async () => (await probe.field(refused, 'failures')) === '1');
      const [id = ''] = await submitAll([client], jobsOf('after', 1, 'tokens=1'));
      await allEnd([refused, id], 20_000);
      const [failedAt, startedAt] = await Promise.all([
        probe.field(refused, 'created_at'),
        probe.field(id, 'started_at'),
      ]);
      expect(Number(startedAt) - Number(failedAt)).toBeGreaterThanOrEqual(3_000);
    },
    TEST_MS,
  );
});
