/** Workers that die, hang, are overtaken or are told to stop, in the middle of jobs. Real processes, real signals. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Followed, follow, JournalProbe } from '../stack/journal-probe.ts';
import { chat, type Service, Stack, until } from '../stack/stack.ts';

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  stack = await Stack.start({ workers: 0 });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
});

/** Each test starts the workers it needs: this one is there, and nobody else. */
let first: Service;
beforeEach(async () => {
  first = await stack.start('worker');
});
afterEach(async () => {
  const left = stack.running('worker');
  for (const worker of left) worker.signal('SIGCONT');
  await Promise.all(left.map((worker) => worker.end('SIGKILL')));
});

/** Its first call stops in the middle for good, so whatever is done to its worker is done in mid-stream. */
async function submitStalling(name: string, stalls = 1) {
  const fail = Array.from({ length: stalls }, () => 'stall').join(',');
  const { job } = await stack.client.submit(chat(name, `tokens=40&itl_ms=3&stall_after=15&seed=1&fail=${fail}`));
  const seen: Followed = { log: '', events: [], text: '', breaks: 0 };
  const followed = follow(stack.newClient(), job.id, seen);
  await probe.streaming(job.id);
  return { id: job.id, followed, seen };
}

describe('a worker that is killed in mid-stream', () => {
  async function expectTakenOver(name: string, { id, followed }: { id: string; followed: Promise<Followed> }) {
    await probe.streaming(id, 2);
    const seen = await followed;
    expect(await probe.faults([id])).toEqual([]);
    expect(seen.log).toBe(await probe.log(id));
    expect(seen.events.map(({ seq }) => seq)).toEqual(seen.events.map((_, at) => at + 1));
    const attempts = seen.events.flatMap(({ type, data }) => (type === 'attempt.started' ? [data] : []));
    expect(attempts).toEqual([1, 2].map((attempt) => ({ attempt, resumed: false })));
    const ended = await stack.client.get(id);
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, provider_calls: 2, output_text: seen.text });
    expect(ended.usage).toMatchObject({ output_tokens: 40 });
    expect(await probe.field(id, 'crashes')).toBe('1');
    expect(await stack.providerCalls(name)).toMatchObject({ calls: 2, completed: 1 });
  }

  it('is replaced by the other one, unbroken for whoever is attached; a job that kills that one too fails as crash_limit', async () => {
    const [job, poison] = await Promise.all([submitStalling('killed'), submitStalling('poison', 9)]);
    const other = await stack.start('worker', { CRASH_LIMIT: '2' });
    await first.end('SIGKILL');
    await expectTakenOver('killed', job);
    await probe.streaming(poison.id, 2);
    await stack.start('worker', { CRASH_LIMIT: '2' });
    await other.end('SIGKILL');
    const { events } = await poison.followed;
    const error = { code: 'crash_limit', retryable: false };
    expect(events.at(-1)).toMatchObject({ type: 'job.failed', data: { error } });
    expect(await probe.faults([poison.id])).toEqual([]);
    const ended = await stack.client.get(poison.id);
    expect(ended).toMatchObject({ status: 'failed', attempt: 3, provider_calls: 2, error });
    expect((await stack.providerCalls('poison')).calls).toBe(2);
  });

  it('is replaced by one that is started afterwards', async () => {
    const job = await submitStalling('killed alone');
    await first.end('SIGKILL');
    await stack.start('worker');
    await expectTakenOver('killed alone', job);
  });
});

describe('a worker that is overtaken', () => {
  it('writes nothing more when it wakes, and ends its provider calls', async () => {
    // Three jobs, one worker: of the first the end waits in its socket, the second streams still, the third is silent.
    const submit = async (name: string, sim: string) => (await stack.client.submit(chat(name, `seed=1&${sim}`))).job.id;
    const ids = {
      waiting: await submit('zombie waiting', 'tokens=60&itl_ms=5&pause_after=30'),
      streaming: await submit('zombie streaming', 'tokens=9000&itl_ms=20'),
      silent: (await submitStalling('zombie silent')).id,
    };
    await Promise.all(Object.values(ids).map((id) => probe.streaming(id)));
    first.signal('SIGSTOP');
    await stack.goOn('zombie waiting');
    await stack.start('worker');
    for (const id of [ids.waiting, ids.silent]) expect((await stack.client.wait(id)).status).toBe('completed');
    await probe.streaming(ids.streaming, 2);
    const logs = await Promise.all([ids.waiting, ids.silent].map((id) => probe.log(id)));
    await until('both answers are whole', async () => (await stack.providerCalls('zombie waiting')).completed === 2);

    first.signal('SIGCONT');
    const lines = (text: string) => first.log.split('\n').filter((line) => line.includes(text)).length;
    await until('the zombie is done with the two that have ended', () => lines('"attempt over"') >= 2);
    expect(await Promise.all([ids.waiting, ids.silent].map((id) => probe.log(id)))).toEqual(logs);
    await until('it has given up all three', () => lines('"outcome":"lost"') === 3);
    await until('its call is ended', async () => (await stack.providerCalls('zombie streaming')).aborted === 1);
    await stack.client.cancel(ids.streaming);
    expect(await Promise.all([ids.waiting, ids.silent].map((id) => probe.log(id)))).toEqual(logs);
    expect(await probe.faults(Object.values(ids))).toEqual([]);
    for (const id of Object.values(ids)) expect(await probe.field(id, 'attempt')).toBe('2');
    expect(await probe.count(ids.streaming, 'attempt.started')).toBe(2);
    expect((await stack.client.get(ids.streaming)).status).toBe('cancelled');
  });
});

describe('a worker that is told to stop under load', () => {
  it('ends what ends in time, hands the rest back without counting it against them, and exits with 0', async () => {
    await first.end('SIGKILL');
    first = await stack.start('worker', { DRAIN_SECONDS: '4' });
    const quick = (await stack.client.submit(chat('drained', 'tokens=30&itl_ms=5&pause_after=20'))).job.id;
    await probe.streaming(quick);
    const stalled = await Promise.all(Array.from({ length: 6 }, (_, at) => submitStalling(`handed back ${at}`)));
    await stack.start('worker');
    first.signal('SIGTERM');
    await stack.goOn('drained');
    await first.end();
    expect(first.child.exitCode).toBe(0);
    const seen = await Promise.all(stalled.map(({ followed }) => followed));
    for (const { events } of seen) {
      const failed = events.flatMap(({ type, data }) => (type === 'attempt.failed' ? [data.error] : []));
      expect(failed).toMatchObject([{ code: 'worker_stopped', retryable: true }]);
      expect(events.at(-1)?.type).toBe('job.completed');
    }
    const ids = [quick, ...stalled.map(({ id }) => id)];
    expect(await probe.faults(ids)).toEqual([]);
    for (const { id } of stalled) {
      expect(await probe.field(id, 'crashes')).toBeNull();
      expect(await probe.field(id, 'failures')).toBeNull();
      expect(await stack.client.get(id)).toMatchObject({ status: 'completed', attempt: 2, provider_calls: 2 });
    }
    expect(await stack.client.get(quick)).toMatchObject({ status: 'completed', attempt: 1, provider_calls: 1 });
  });
});
