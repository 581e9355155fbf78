/** What real workers say of themselves, as the console reads it. */
import { liveWorkers, readWorkers, type SeenWorker } from '@holdfast/queue';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack, until } from '../stack/stack.ts';

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  stack = await Stack.start({ workers: 1, env: { WORKER_CONCURRENCY: '7', DRAIN_SECONDS: '120' } });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
});

async function worker(): Promise<SeenWorker | undefined> {
  const [found, ...more] = await readWorkers(probe.redis, stack.prefix);
  if (more.length > 0) throw new Error('there is one worker');
  return found;
}

const running = async () => (await worker())?.status?.lanes.find(({ lane }) => lane === 'default')?.running;

describe('a worker', () => {
  it('says what it is, what it runs and has run, and how its providers are; and that it drains, until its jobs are over', async () => {
    const [service] = stack.running('worker');
    const { job } = await stack.client.submit(chat('status', 'tokens=20&itl_ms=1&pause_after=5'));
    await until('it says that a job runs', async () => (await running()) === 1);
    const found = await worker();
    expect(found).toMatchObject({
      id: expect.stringMatching(`-${service?.child.pid}$`),
      configDigest: expect.any(String),
      draining: false,
      status: {
        pid: service?.child.pid,
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
        draining: false,
        breakers: [
          { lane: 'default', state: 'closed', failures: 0, errorCode: null, openedAtMs: null, retryAtMs: null },
        ],
        jobsEnded: 0,
        memoryBytes: expect.any(Number),
      },
    });
    expect(found?.status?.lanes).toContainEqual({ lane: 'default', running: 1, capacity: 7 });
    expect(Math.abs((found?.status?.startedAtMs ?? 0) - Date.now())).toBeLessThan(120_000);

    const ending = service?.end('SIGTERM');
    await until('it says that it drains', async () => (await worker())?.status?.draining === true);
    expect(await worker()).toMatchObject({ draining: true, status: { draining: true } });
    expect(await liveWorkers(probe.redis, stack.prefix)).toEqual([]);
    await stack.goOn('status');
    await ending;
    expect(await stack.client.get(job.id)).toMatchObject({ status: 'completed' });
    expect(await worker()).toBeUndefined();
  });

  it('counts the jobs that it has ended', async () => {
    await stack.start('worker');
    const jobs = await Promise.all(
      ['one', 'two', 'three'].map((name) => stack.client.submit(chat(name, 'tokens=2&itl_ms=0'))),
    );
    await probe.completed(jobs.map(({ job }) => job.id));
    await until('it says so', async () => (await worker())?.status?.jobsEnded === 3);
    await until('it says that none runs', async () => (await running()) === 0);
  });
});
