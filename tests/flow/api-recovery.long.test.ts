/** API processes that die or are told to stop while clients are attached, and what reaches a job from another process. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Followed, follow, JournalProbe } from '../stack/journal-probe.ts';
import { chat, freePort, Stack, until } from '../stack/stack.ts';

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  stack = await Stack.start({ workers: 1 });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
});
afterEach(async () => {
  if (stack.running('api').length === 0) await stack.start('api');
  if (stack.running('worker').length === 0) await stack.start('worker');
});

/** Ten clients, each with connections and a cursor of its own, that have all seen some text. */
async function attachTen(jobId: string) {
  const seen = Array.from({ length: 10 }, (): Followed => ({ log: '', events: [], text: '', breaks: 0 }));
  const followed = Promise.all(seen.map((each) => follow(stack.newClient(), jobId, each)));
  await until('all ten see text', () => seen.every(({ text }) => text.length > 20));
  return { followed };
}

async function expectAllWhole(jobId: string, seen: Followed[]) {
  const log = await probe.log(jobId);
  expect(await probe.faults([jobId])).toEqual([]);
  const { output_text } = await stack.client.get(jobId);
  for (const each of seen) {
    expect(each.breaks).toBeGreaterThan(0);
    expect(each.log).toBe(log);
    expect(each.text).toBe(output_text);
  }
}

const theApi = () => {
  const [api] = stack.running('api');
  if (!api) throw new Error('no API runs');
  return api;
};

describe('an API that is killed while ten clients are attached', () => {
  it('is replaced by a new one on its port, and all ten go on and get the same events', async () => {
    const { job } = await stack.client.submit(chat('api killed', 'tokens=60&itl_ms=5&pause_after=50&seed=3'));
    const { followed } = await attachTen(job.id);
    await theApi().end('SIGKILL');
    expect(await probe.field(job.id, 'status')).toBe('running');
    await stack.start('api');
    expect(await probe.field(job.id, 'status')).toBe('running');
    await stack.goOn('api killed');
    await expectAllWhole(job.id, await followed);
    expect(await stack.client.get(job.id)).toMatchObject({ status: 'completed', attempt: 1, provider_calls: 1 });
  });

  it('leaves one job of each submit that it cut off, once the same keys are sent again', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `cut off ${at}`);
    const submit = (name: string) => stack.client.submit(chat(name, 'tokens=3&itl_ms=1'), { idempotencyKey: name });
    // Tried again by the client, with its key, until the next API answers.
    const submissions = Promise.all(names.map(submit));
    await until('some are accepted', async () => (await probe.openJobs()) >= 3);
    await theApi().end('SIGKILL');
    await stack.start('api');
    const ids = (await submissions).map(({ job }) => job.id);
    for (const id of ids) await stack.client.wait(id);
    expect(new Set(ids).size).toBe(names.length);
    expect(await probe.faults(ids)).toEqual([]);
    const calls = await Promise.all(names.map(async (name) => (await stack.providerCalls(name)).calls));
    expect(calls).toEqual(names.map(() => 1));
  });
});

describe('an API that is told to stop while ten clients are attached', () => {
  it('exits with 0 while the job still runs, and all ten go on with the next one', async () => {
    const { job } = await stack.client.submit(chat('api stopped', 'tokens=60&itl_ms=5&pause_after=50&seed=4'));
    const { followed } = await attachTen(job.id);
    const api = theApi();
    await api.end();
    expect(api.child.exitCode).toBe(0);
    expect(await probe.field(job.id, 'status')).toBe('running');
    await stack.start('api');
    await stack.goOn('api stopped');
    await expectAllWhole(job.id, await followed);
  });

  it('answers who waits for an end with the job as it is, instead of cutting them off', async () => {
    const { job } = await stack.client.submit(chat('api stopped wait', 'tokens=60&itl_ms=5&pause_after=50'));
    await probe.streaming(job.id);
    const waiting = stack.fetch(`/v1/jobs/${job.id}?wait=30`);
    const api = theApi();
    // Only once the request is there: the live channel has a listener.
    const { live } = probe.journal.keysOf(job.id);
    await until('the API listens', async () => Number((await probe.redis.pubsub('NUMSUB', live))[1]) > 0);
    await api.end();
    expect(await (await waiting).json()).toMatchObject({ id: job.id, status: 'running' });
    await stack.start('api');
    await stack.client.cancel(job.id);
  });
});

describe('a cancel', () => {
  it('reaches a running job through another API process, whose call is ended', async () => {
    const port = await freePort();
    const api = await stack.start('api', { PORT: String(port) });
    const { job } = await stack.client.submit(chat('cancel elsewhere', 'tokens=60&itl_ms=5&pause_after=50'));
    const { followed } = await attachTen(job.id);
    await stack.newClient(`http://127.0.0.1:${port}`).cancel(job.id);
    await until('the call is ended', async () => (await stack.providerCalls('cancel elsewhere')).aborted === 1);
    for (const { events } of await followed) expect(events.at(-1)?.type).toBe('job.cancelled');
    expect(await probe.faults([job.id])).toEqual([]);
    expect(await stack.client.get(job.id)).toMatchObject({ status: 'cancelled', attempt: 1 });
    await api.end();
  });

  it('ends a queued job at once while no worker runs, and no worker takes it up later', async () => {
    await Promise.all(stack.running('worker').map((worker) => worker.end()));
    const { job } = await stack.client.submit(chat('cancel queued', 'tokens=5'));
    const after = await stack.client.submit(chat('after it', 'tokens=5'));
    expect(await stack.client.cancel(job.id)).toMatchObject({ status: 'cancelled', attempt: 0, started_at: null });
    const log = await probe.log(job.id);
    await stack.start('worker');
    expect((await stack.client.wait(after.job.id)).status).toBe('completed');
    expect(await stack.client.get(job.id)).toMatchObject({ status: 'cancelled', attempt: 0, provider_calls: 0 });
    expect(await probe.log(job.id)).toBe(log);
    expect(await probe.faults([job.id])).toEqual([]);
    expect((await stack.providerCalls('cancel queued')).calls).toBe(0);
  });
});
