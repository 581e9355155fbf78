/** Redis dies, hangs, or loses what BullMQ had in it, while jobs wait, run and are watched. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { follow, JournalProbe } from '../stack/journal-probe.ts';
import { type RestartableRedis, startRestartableRedis } from '../stack/restartable-redis.ts';
import { apiKey, chat, Stack, until } from '../stack/stack.ts';

/** A worker's hold on a job ends so long after Redis has last heard of it. */
const LOCK_MS = 5_500;
/** Of requests: each is answered though Redis hangs. They take longer than the locks last. */
const HUNG_ROUNDS = 5;

let redis: RestartableRedis;
let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  redis = await startRestartableRedis();
  stack = await Stack.start({ redisUrl: redis.url, workers: 2 });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
  await redis?.close();
});

/** One try, no retries: what a client is answered. */
async function post(name: string, sim: string) {
  const response = await fetch(`${stack.apiUrl}/v1/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': name },
    body: JSON.stringify(chat(name, sim)),
    signal: AbortSignal.timeout(60_000),
  });
  const body = (await response.json()) as { id: string; status: string | number; code?: string };
  return { status: response.status, headers: response.headers, body };
}

type Answer = Awaited<ReturnType<typeof post>>;

function expectUnavailable(answers: Answer[]) {
  for (const { status, headers, body } of answers) {
    expect({ status, type: headers.get('content-type'), code: body.code }).toEqual({
      status: 503,
      type: 'application/problem+json',
      code: 'store_unavailable',
    });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
}

/** Posts small jobs, one after the other, until one isn't accepted. Returns the ids of those that were, and the last answer. */
async function postUntilRefused(name: string): Promise<{ accepted: string[]; refused: Answer }> {
  const accepted: string[] = [];
  for (let at = 0; ; at++) {
    const answer = await post(`${name} ${at}`, 'tokens=2&itl_ms=1&ttft_ms=1');
    if (answer.status !== 202) return { accepted, refused: answer };
    accepted.push(answer.body.id);
  }
}

function acceptedSoFar(): Promise<number> {
  return probe.listedJobs();
}

async function expectNothingLost(ids: string[]) {
  const ended = await Promise.all(ids.map((id) => stack.client.wait(id)));
  expect(ended.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
  expect(await probe.faults(ids)).toEqual([]);
}

describe('Redis killed while jobs stream and clients are attached', () => {
  it('comes back to an API and workers that recover by themselves; all that was accepted ends, once', async () => {
    const processes = [...stack.running('api'), ...stack.running('worker')];
    const streaming = await Promise.all(
      Array.from({ length: 4 }, (_, at) => stack.client.submit(chat(`streams ${at}`, 'tokens=150&itl_ms=20'))),
    );
    // Its call never ends: only who loses its lock gives it up.
    const stalling = await stack.client.submit(chat('stalls', 'tokens=40&itl_ms=3&stall_after=15&fail=stall'));
    const ids = [stalling, ...streaming].map(({ job }) => job.id);
    const retried = await stack.client.submit(chat('retried', 'tokens=5&fail=429&retry_after=2'));
    const delayed = await stack.client.submit({ ...chat('delayed', 'tokens=5'), delay_ms: 3_000 });
    const followed = Promise.all(ids.map((id) => follow(stack.newClient(), id)));
    await Promise.all(ids.map((id) => probe.streaming(id)));
    const before = await acceptedSoFar();
    const loads = Array.from({ length: 4 }, (_, at) => postUntilRefused(`load ${at}`));
    await until('the load is under way', async () => (await acceptedSoFar()) > before + 100);
    await redis.kill();

    const load = await Promise.all(loads);
    const away = await Promise.all(Array.from({ length: 20 }, (_, at) => post(`away ${at}`, 'tokens=2')));
    expectUnavailable([...away, ...load.map(({ refused }) => refused)]);
    const killedAt = performance.now();
    await until('all locks have run out', async () => {
      expectUnavailable([await post('away', 'tokens=2')]);
      return performance.now() - killedAt > LOCK_MS;
    });
    await redis.start();
    const back = await until('a submit works', async () => {
      const answer = await post('back', 'tokens=2');
      return answer.status < 300 ? answer.body.id : '';
    });
    expect((await stack.client.wait(back)).status).toBe('completed');

    const accepted = load.flatMap((each) => each.accepted);
    for (const [at, seen] of (await followed).entries()) expect(seen.log).toBe(await probe.log(ids[at] ?? ''));
    await expectNothingLost([...ids, retried.job.id, delayed.job.id, back, ...accepted]);
    const jobs = await Promise.all(ids.map((id) => stack.client.get(id)));
    // Their answers were whole before Redis was back: which comes first then, the append or the other worker, is chance.
    for (const { attempt, provider_calls } of jobs) {
      expect(attempt).toBeLessThanOrEqual(2);
      expect(provider_calls).toBe(attempt);
    }
    expect(jobs[0]).toMatchObject({ attempt: 2, provider_calls: 2 });
    expect(processes.map(({ ended }) => ended)).toEqual(processes.map(() => false));
  });
});

describe('Redis that hangs', () => {
  it('lets no request hang; what was answered with 503, again and again, is one job per key afterwards', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `hangs ${at}`);
    const answers: Answer[] = [];
    redis.signal('SIGSTOP');
    try {
      for (let round = 0; round < HUNG_ROUNDS; round += 1) {
        answers.push(...(await Promise.all(names.map((name) => post(name, 'tokens=2')))));
      }
    } finally {
      redis.signal('SIGCONT');
    }
    expectUnavailable(answers);
    const again = await Promise.all(
      names.map((name) =>
        until(`${name} is accepted`, async () => {
          const answer = await post(name, 'tokens=2');
          return answer.status < 300 ? answer.body.id : '';
        }),
      ),
    );
    await expectNothingLost(again);
    expect(new Set(again).size).toBe(names.length);
    for (const name of names) expect((await stack.providerCalls(name)).calls).toBe(1);
  });
});

describe('a queue that has lost its jobs', () => {
  it('gets them back from the records, and each of them ends once', async () => {
    const running = await stack.client.submit(chat('lost running', 'tokens=40&itl_ms=3&stall_after=15&fail=stall'));
    await probe.streaming(running.job.id);
    await Promise.all(stack.running('worker').map((worker) => worker.end('SIGKILL')));
    const waiting = await Promise.all(
      Array.from({ length: 5 }, (_, at) => stack.client.submit(chat(`lost waiting ${at}`, 'tokens=5'))),
    );
    const never = await submitWithoutDispatching('never dispatched');
    const later = await stack.client.submit({ ...chat('lost delayed', 'tokens=5'), delay_ms: 60_000 });
    await probe.dropQueue();
    const lost = [running.job.id, ...waiting.map(({ job }) => job.id), never];
    expect(await probe.repair()).toBe(lost.length + 1);
    expect(await probe.repair()).toBe(0);
    await stack.start('worker');
    await expectNothingLost(lost);
    // Called for once; and once more only where a worker lost its lock, as on a machine that is too busy.
    for (const id of [...waiting.map(({ job }) => job.id), never]) {
      const { provider_calls, ambiguous_calls } = await stack.client.get(id);
      expect(provider_calls - ambiguous_calls).toBe(1);
    }
    expect(await stack.client.get(later.job.id)).toMatchObject({ status: 'queued', attempt: 0 });
    await stack.client.cancel(later.job.id);
    expect(await probe.repair()).toBe(0);
  });

  it('lets a job that runs meanwhile have one writer: the earlier attempt gives up', async () => {
    const { job } = await stack.client.submit(chat('lost under way', 'tokens=100&itl_ms=20'));
    const followed = follow(stack.newClient(), job.id);
    await probe.streaming(job.id);
    await probe.dropQueue();
    expect(await probe.repair()).toBe(1);
    const seen = await followed;
    expect(seen.log).toBe(await probe.log(job.id));
    await expectNothingLost([job.id]);
    const counted = await stack.providerCalls('lost under way');
    expect(counted).toMatchObject({ calls: 2, aborted: 1, completed: 1 });
    expect(await stack.client.get(job.id)).toMatchObject({ attempt: 2, output_text: seen.text });
  });

  /** The state that a crash of the API between submitting and dispatching leaves. */
  async function submitWithoutDispatching(name: string): Promise<string> {
    const like = await stack.client.submit(chat(`${name}, like`, 'tokens=5'));
    const { journal } = probe;
    const request = chat(name, 'tokens=5');
    const requestText = JSON.stringify(request);
    const id = like.job.id.replace(/.{4}$/, 'zzzz');
    const described = { id, tenant: 'default', lane: 'default', request, requestText, digest: 'digest', tokens: 10 };
    await journal.submit(described, { limits: {}, estimateUsd: null });
    await stack.client.cancel(like.job.id);
    return id;
  }
});
