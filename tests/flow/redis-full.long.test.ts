/** Redis fills up while jobs run: they have the memory that is left, and new ones wait outside. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { type RestartableRedis, startRestartableRedis } from '../stack/restartable-redis.ts';
import { chat, Stack, until } from '../stack/stack.ts';

const BALLAST = 20_000_000;

let redis: RestartableRedis;
let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  redis = await startRestartableRedis();
  stack = await Stack.start({ redisUrl: redis.url });
  probe = await JournalProbe.open(stack);
  // Not sent as a whole: buffers would hold it a second time for a while.
  await probe.redis.setrange('ballast', BALLAST - 1, 'x');
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
  await redis?.close();
});

/** One try, no retries. */
async function post(path: string, name = '') {
  const keyed = name === '' ? {} : { body: JSON.stringify(chat(name, 'tokens=3')) };
  const headers = { 'content-type': 'application/json', 'idempotency-key': name };
  const response = await stack.fetch(path, { method: 'POST', ...(name === '' ? {} : { headers }), ...keyed });
  const body = (await response.json()) as { id: string; code?: string; status: string };
  return { status: response.status, code: body.code, after: response.headers.get('retry-after'), body };
}

const full = { status: 503, code: 'queue_full', after: '5' };
const submit = (name: string) => post('/v1/jobs', name);
/** Sets the limit so that what is used now is this share of it. */
async function limitTo(share: number): Promise<void> {
  const [, used] = /^used_memory:(\d+)/m.exec(await probe.redis.info('memory')) ?? [];
  await probe.redis.config('SET', 'maxmemory', Math.round(Number(used) / share));
}
const ready = async () => (await (await fetch(`${stack.apiUrl}/readyz`)).json()) as { memory: string };

describe('Redis that is nearly full', () => {
  it('refuses new jobs and second runs; what is there is found, followed, cancelled, and runs to its end', async () => {
    const running = await Promise.all(
      Array.from({ length: 5 }, (_, at) => stack.client.submit(chat(`runs ${at}`, 'tokens=150&itl_ms=20'))),
    );
    const early = await submit('early');
    const waiting = await stack.client.submit({ ...chat('waits', 'tokens=3'), delay_ms: 60_000 });
    const stopped = await stack.client.submit({ ...chat('stopped', 'tokens=3'), delay_ms: 60_000 });
    await stack.client.cancel(stopped.job.id);
    await Promise.all(running.map(({ job }) => probe.streaming(job.id)));
    const retry = `/v1/jobs/${stopped.job.id}/retry`;
    expect(await ready()).toMatchObject({ memory: 'ok' });

    await limitTo(0.94);
    await until('it is seen', async () => (await ready()).memory === 'nearly full');
    for (const refused of [await submit('late'), await post(retry)]) expect(refused).toMatchObject(full);
    const found = await stack.fetch(`/v1/jobs?idempotency_key=late`);
    expect(await found.json()).toMatchObject({ data: [] });
    expect(await submit('early')).toMatchObject({ status: 200, body: { id: early.body.id } });
    expect(await post(`/v1/jobs/${waiting.job.id}/cancel`)).toMatchObject({
      status: 200,
      body: { status: 'cancelled' },
    });
    const metrics = await stack.metrics();
    expect(Number(/^holdfast_redis_memory_ratio (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0.9);
    expect(metrics).toMatch(/^holdfast_submits_total\{result="queue_full"\} 1$/m);

    const ids = running.map(({ job }) => job.id);
    const ended = await Promise.all(ids.map((id) => stack.client.wait(id)));
    expect(ended.map(({ status, attempt }) => [status, attempt])).toEqual(ids.map(() => ['completed', 1]));
    expect(await probe.faults(ids)).toEqual([]);
    expect(await ready()).toMatchObject({ memory: 'nearly full' });

    await limitTo(0.5);
    const late = await until('a submit works', async () => {
      const answer = await submit('late');
      return answer.status === 202 ? answer.body.id : '';
    });
    expect((await stack.client.wait(late)).status).toBe('completed');
    expect(await post(retry)).toMatchObject({ status: 202 });
  });

  it('is recognized by its refusal of a write, before the next look; keys are still found, jobs cancelled, and those that run end', async () => {
    await until('there is room', async () => (await ready()).memory === 'ok');
    const before = await submit('before');
    const waiting = await stack.client.submit({ ...chat('waits again', 'tokens=3'), delay_ms: 60_000 });
    const running = await stack.client.submit(chat('runs on', 'tokens=150&itl_ms=10'));
    await probe.streaming(running.job.id);
    // No look of the API comes between: the limit and the submits reach Redis within milliseconds.
    await limitTo(2);
    const answers = await Promise.all(Array.from({ length: 10 }, (_, at) => submit(`refused ${at}`)));
    for (const answer of answers) expect(answer).toMatchObject(full);
    expect(await submit('before')).toMatchObject({ status: 200, body: { id: before.body.id } });
    const cancelled = await post(`/v1/jobs/${waiting.job.id}/cancel`);
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await stack.client.wait(running.job.id)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await probe.faults([running.job.id])).toEqual([]);
    await limitTo(0.5);
    await until('a submit works', async () => (await submit('refused 0')).status === 202);
  });
});
