/** DURABILITY=replica with a real master and a real replica: what a 2xx stands for, and what happens when none confirms. */
import { setTimeout as delay } from 'node:timers/promises';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type OwnRedis, replicate, startOwnRedis } from '../../packages/redis/testing/redis.ts';
import { JournalProbe, silent } from '../stack/journal-probe.ts';
import { apiKey, chat, Stack, until } from '../stack/stack.ts';

let master: OwnRedis;
let replica: OwnRedis;
let onReplica: Redis;
let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  [master, replica] = await Promise.all([startOwnRedis(), startOwnRedis()]);
  await replicate(master, replica);
  onReplica = connectRedis(replica.url, 'worker', silent);
  await untilReady(onReplica, 60_000);
  stack = await Stack.start({ redisUrl: master.url, env: { DURABILITY: 'replica' } });
  probe = await JournalProbe.open(stack);
});
afterEach(() => replica.proceed());
afterAll(async () => {
  await probe?.close();
  await stack?.close();
  await disconnectRedis(onReplica);
  await Promise.all([replica.remove(), master.remove()]);
});

/** One try, no retries. */
async function post(path: string, key: string, body?: object) {
  const response = await fetch(`${stack.apiUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': key },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(60_000),
  });
  const answer = (await response.json()) as { id: string; code?: string; status: string | number };
  return { status: response.status, after: response.headers.get('retry-after'), answer };
}

const submit = (key: string) => post('/v1/jobs', key, chat(key, 'tokens=2&itl_ms=1&ttft_ms=1'));
const isReplicated = async (id: string) => (await onReplica.exists(probe.journal.keysOf(id).record)) === 1;

function expectUnmet({ status, after, answer }: Awaited<ReturnType<typeof post>>) {
  expect({ status, after, code: answer.code }).toEqual({ status: 503, after: '1', code: 'durability_unmet' });
}

/** How far the replica is, as it has told its master. */
async function confirmed(): Promise<number> {
  return Number(/^slave0:.*\boffset=(\d+)/m.exec(await probe.redis.info('replication'))?.[1]);
}

/** Freezes the replica for 120 ms, again and again, each time that it has come on, until the returned function is called. */
function lag(): () => Promise<void> {
  let isOver = false;
  const beat = async () => {
    while (!isOver) {
      replica.freeze();
      await delay(120);
      const before = await confirmed();
      replica.proceed();
      await until('it comes on', async () => isOver || (await confirmed()) > before);
    }
  };
  const beating = beat();
  return async () => {
    isOver = true;
    await beating;
  };
}

describe('a job that was answered with 2xx', () => {
  it('is on the replica by then', async () => {
    const ready = await (await fetch(`${stack.apiUrl}/readyz`)).json();
    expect(ready).toMatchObject({ status: 'ready', durability: 'replica', replicas: 1 });
    const missing = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const { status, answer } = await submit(`replicated ${at}`);
        return status === 202 && (await isReplicated(answer.id)) ? [] : [at];
      }),
    );
    expect(missing.flat()).toEqual([]);
  });

  it('is on a replica that lags, and 100 at once are all accepted', async () => {
    const stop = lag();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => submit(`lags ${at}`))).finally(stop);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    for (const { answer } of answers) expect(await isReplicated(answer.id)).toBe(true);
    await Promise.all(answers.map(({ answer }) => stack.client.wait(answer.id)));
  });
});

describe('a call', () => {
  it('is made only once a replica has its beginning: a failover must not forget what may be paid', async () => {
    const [worker] = stack.running('worker');
    const { job } = await stack.client.submit({ ...chat('begins', 'tokens=2'), delay_ms: 300 });
    replica.freeze();
    const isUnconfirmed = (line: string) => line.includes(job.id) && line.includes('append failed; retrying');
    await until('its beginning is not confirmed', () => worker?.log.split('\n').some(isUnconfirmed));
    expect(await stack.client.get(job.id)).toMatchObject({ status: 'running', provider_calls: 1 });
    expect((await stack.providerCalls('begins')).calls).toBe(0);
    replica.proceed();
    expect(await stack.client.wait(job.id)).toMatchObject({ status: 'completed', attempt: 1, provider_calls: 1 });
    expect((await stack.providerCalls('begins')).calls).toBe(1);
    expect(await onReplica.hget(probe.journal.keysOf(job.id).record, 'status')).toBe('completed');
  });
});

describe('a replica that does not confirm', () => {
  it('makes submits answer 503; the same keys afterwards are one job each', async () => {
    const keys = Array.from({ length: 100 }, (_, at) => `stopped ${at}`);
    replica.freeze();
    for (const answer of await Promise.all(keys.map(submit))) expectUnmet(answer);
    // A replay isn't confirmed either.
    expectUnmet(await submit('stopped 0'));
    replica.proceed();
    const again = await Promise.all(
      keys.map((key) =>
        until(`${key} is accepted`, async () => {
          const { status, answer } = await submit(key);
          return status < 300 ? answer.id : '';
        }),
      ),
    );
    expect(new Set(again).size).toBe(keys.length);
    const ended = await Promise.all(again.map((id) => stack.client.wait(id)));
    expect(ended.map(({ status, provider_calls }) => [status, provider_calls])).toEqual(
      keys.map(() => ['completed', 1]),
    );
    for (const key of keys) expect((await stack.providerCalls(key)).calls).toBe(1);
  });

  it('makes cancels and second runs answer 503; asked again, a cancel is done', async () => {
    const { job } = await stack.client.submit({ ...chat('to cancel', 'tokens=2'), delay_ms: 60_000 });
    const ended = await stack.client.submit({ ...chat('to run again', 'tokens=2'), delay_ms: 60_000 });
    await stack.client.cancel(ended.job.id);
    replica.freeze();
    expectUnmet(await post(`/v1/jobs/${job.id}/cancel`, ''));
    expectUnmet(await post(`/v1/jobs/${ended.job.id}/retry`, ''));
    const polled = await stack.client.get(job.id);
    expect(polled.status).toBe('cancelled');
    replica.proceed();
    const answer = await until('it is confirmed', async () => {
      const { status, answer } = await post(`/v1/jobs/${job.id}/cancel`, '');
      return status === 200 && answer;
    });
    expect(answer).toMatchObject({ status: 'cancelled' });
    replica.freeze();
    expect(await stack.fetch(`/v1/jobs/${ended.job.id}`, { method: 'DELETE' })).toMatchObject({ status: 503 });
    replica.proceed();
    expect(await onReplica.hget(probe.journal.keysOf(job.id).record, 'status')).toBe('cancelled');
  });

  it('is shown as missing once it is gone; polls still work, and jobs wait for it', async () => {
    const { job } = await stack.client.submit(chat('polled', 'tokens=2'));
    replica.freeze();
    const replicas = async () =>
      ((await (await fetch(`${stack.apiUrl}/readyz`)).json()) as { replicas: number }).replicas;
    await probe.redis.call('CLIENT', 'KILL', 'TYPE', 'replica');
    await until('none is left', async () => (await replicas()) === 0);
    expectUnmet(await submit('with none'));
    expect((await stack.client.get(job.id)).id).toBe(job.id);
    replica.proceed();
    expect(await stack.client.wait(job.id)).toMatchObject({ status: 'completed', provider_calls: 1 });
    await until('it is back', async () => (await submit('with none')).status < 300);
  });
});
