import { AttemptError } from '@holdfast/core';
import { reportUsage } from '@holdfast/gate';
import { FlushClock } from '@holdfast/journal';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { answer, cancelled, completed, openTestWorker, silent, type TestWorker, until } from '../../testing/worker.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
beforeEach(() => {
  t.calls.length = 0;
});
afterAll(() => t.close());

const recordOf = (jobId: string) => t.journal.keysOf(jobId).record;

/** ms until the scheduler lets it go on; null: it isn't delayed. */
async function dueIn(jobId: string): Promise<number | null> {
  const dueAt = await t.redis.zscore(t.cell.keys.sched('due', 'default'), jobId);
  return dueAt === null ? null : Number(dueAt) - Date.now();
}

/** Whether it waits in its tenant's backlog: its turn may come at once. */
const waits = async (jobId: string) =>
  (await t.redis.zscore(t.cell.keys.sched('backlog', 'default:acme'), jobId)) !== null;

/** All that is kept of a job. */
async function storedOf(jobId: string): Promise<string> {
  const { record, details, calls, steps } = t.journal.keysOf(jobId);
  const hashes = await Promise.all([record, details, calls, steps].map((key) => t.redis.hgetall(key)));
  return JSON.stringify([await t.job(jobId), await t.events(jobId), hashes]);
}

const usage = () => reportUsage(t.deps.ledger, 'acme', {}, {});
const permits = () => t.redis.zrange(t.cell.keys.sched('permits', 'default'), '0', '-1');

const textIs = (jobId: string, text: string) =>
  until(`the journal has "${text}"`, async () =>
    (await t.events(jobId)).some(({ type, data }) => type === 'text.delta' && data.text === text),
  );

describe('an attempt that completes', () => {
  it('journals its beginning, every provider event and its end, in order and numbered without a gap', async () => {
    const jobId = await t.submit('answer');
    expect(await t.run(jobId)).toEqual(completed);
    const usage = { input_tokens: 3, output_tokens: 2, cost_usd: null, estimated: false, cached: false };
    expect(await t.events(jobId)).toEqual([
      { seq: 1, type: 'job.accepted', data: { task: 'chat.completions', lane: 'default' } },
      { seq: 2, type: 'attempt.started', data: { attempt: 1, resumed: false } },
      { seq: 3, type: 'provider.event', data: { event: { type: 'begun' } } },
      { seq: 4, type: 'text.delta', data: { text: 'Hel', event: { id: 'c1', delta: 'Hel' } } },
      { seq: 5, type: 'text.delta', data: { text: 'lo' } },
      { seq: 6, type: 'job.completed', data: { output: answer, usage } },
    ]);
    expect(await t.job(jobId)).toMatchObject({
      status: 'completed',
      attempt: 1,
      cursor: 6,
      output: answer,
      output_text: 'Hello',
      usage,
      provider_calls: 1,
      error: null,
      started_at: expect.any(String),
      finished_at: expect.any(String),
    });
  });

  it('passes the input to the task’s endpoint as the client sent it', async () => {
    const input = { model: 'sim', mode: 'answer', odd: [{ deep: null }], stream: false };
    const jobId = await t.submit('answer', { task: 'responses', input });
    await t.run(jobId);
    expect(t.calls.map(({ endpoint, body }) => ({ endpoint, body }))).toEqual([{ endpoint: 'responses', body: input }]);
  });

  it('has an unknown usage where the provider told none', async () => {
    t.modes.free = async function* () {
      yield { kind: 'result', output: 'plain', usage: null };
    };
    const jobId = await t.submit('free');
    await t.run(jobId);
    expect(await t.job(jobId)).toMatchObject({
      usage: { input_tokens: null, output_tokens: null, estimated: true },
      output: 'plain',
      output_text: 'plain',
    });
  });

  it('has counted the call and journaled the beginning before the call leaves', async () => {
    const seen: unknown[] = [];
    let jobId = '';
    t.modes.look = async function* () {
      seen.push((await t.job(jobId)).provider_calls, await t.types(jobId));
      yield { kind: 'result', output: null, usage: null };
    };
    jobId = await t.submit('look');
    await t.run(jobId);
    expect(seen).toEqual([1, ['job.accepted', 'attempt.started']]);
  });

  it('holds the provider back while a megabyte waits for Redis', async () => {
    const sizes: number[] = [];
    let jobId = '';
    t.modes.flood = async function* () {
      // A call's first text leaves at once.
      for (const size of [1, 600_000, 600_000, 600_000]) {
        sizes.push(Number(await t.redis.hget(t.journal.keysOf(jobId).record, 'size')));
        yield { kind: 'text', text: 'x'.repeat(size) };
      }
      yield { kind: 'result', output: null, usage: null };
    };
    jobId = await t.submit('flood');
    // A clock so slow that, but for the holding back, all pieces would come before its first tick.
    const clock = new FlushClock({ journal: t.journal, logger: silent, intervalMs: 500 });
    expect(await t.run(jobId, { deps: { clock } })).toEqual(completed);
    expect(sizes[2]).toBeLessThan(600_000);
    expect(sizes[3]).toBeGreaterThan(1_200_000);
    expect(sizes).toHaveLength(4);
  });
});

describe('an attempt that fails', () => {
  it('for good ends the job with the error and the text so far', async () => {
    const jobId = await t.submit('refuse');
    const outcome = await t.run(jobId);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'provider_bad_request' } });
    expect(await t.types(jobId)).toEqual(['job.accepted', 'attempt.started', 'text.delta', 'job.failed']);
    const error = { code: 'provider_bad_request', message: 'No.', retryable: false, status: 400, provider: 'scripted' };
    expect((await t.events(jobId)).at(-1)?.data).toEqual({ error });
    expect(await t.job(jobId)).toMatchObject({ status: 'failed', error, output: null, output_text: 'so far' });
  });

  it('for now puts the job back, not before the provider asked for it', async () => {
    const jobId = await t.submit('limit');
    const begun = Date.now();
    const release = await t.releaseOf(jobId);
    expect(await t.run(jobId)).toMatchObject({
      kind: 'retry',
      delayMs: 2_000,
      unblocked: [],
      error: { code: 'provider_rate_limited' },
    });
    expect(await dueIn(jobId)).toBeGreaterThan(1_000);
    expect(await t.releaseOf(jobId)).toBeGreaterThan(release);
    const job = await t.job(jobId);
    expect(job).toMatchObject({ status: 'queued', attempt: 1, output_text: null, error: null, finished_at: null });
    expect(Date.parse(job.retry_at ?? '')).toBeGreaterThanOrEqual(begun + 2_000);
    const last = (await t.events(jobId)).at(-1);
    expect(last).toMatchObject({
      type: 'attempt.failed',
      data: { error: { code: 'provider_rate_limited', retryable: true, status: 429 } },
    });
    // By the worker's clock; the job goes by Redis' own.
    const said = Date.parse(String(last?.data.retry_at));
    expect(Math.abs(said - Date.parse(job.retry_at ?? ''))).toBeLessThan(1_000);
  });

  it('is tried again with the next number, until the policy has had enough', async () => {
    const jobId = await t.submit('cut');
    expect((await t.run(jobId)).kind).toBe('retry');
    expect((await t.run(jobId)).kind).toBe('retry');
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'provider_stream_cut' } });
    expect(await t.job(jobId)).toMatchObject({ status: 'failed', attempt: 3, provider_calls: 3, retry_at: null });
    expect((await t.events(jobId)).filter(({ type }) => type === 'attempt.started').map(({ data }) => data)).toEqual(
      [1, 2, 3].map((attempt) => ({ attempt, resumed: false })),
    );
    expect((await t.events(jobId)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('without an answer although the provider ended is the provider’s fault', async () => {
    const jobId = await t.submit('stop');
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'provider_bad_response' } });
  });

  it('by more text than is kept ends the job at once, and is paid for what came', async () => {
    t.modes.endless = async function* ({ signal }) {
      for (;;) {
        signal.throwIfAborted();
        yield { kind: 'text', text: 'x'.repeat(3_000) };
      }
    };
    const jobId = await t.submit('endless');
    const prices = { sim: { input_usd_per_million: 0, output_usd_per_million: 1e6 } };
    const outcome = await t.run(jobId, { deps: { maxAnswerBytes: 100_000, prices } });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'answer_too_large', retryable: false } });
    const { usage, provider_calls } = await t.job(jobId);
    expect(provider_calls).toBe(1);
    expect(usage?.cost_usd).toBeGreaterThan(30_000);
  });

  it('by an output that is larger than is kept ends the job, and is paid for', async () => {
    t.modes.huge = async function* () {
      yield { kind: 'result', output: 'x'.repeat(200_000), usage: { input_tokens: 3, output_tokens: 2 } };
    };
    const jobId = await t.submit('huge');
    const outcome = await t.run(jobId, { deps: { maxAnswerBytes: 100_000 } });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'answer_too_large', retryable: false } });
    expect(await t.job(jobId)).toMatchObject({ status: 'failed', output: null, usage: { input_tokens: 3 } });
  });

  it('by an exception of our own says so, and not what it said', async () => {
    const logged: object[] = [];
    const logger = { ...silent, error: (fields: object) => void logged.push(fields) };
    const jobId = await t.submit('break');
    const outcome = await t.run(jobId, { deps: { logger } });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'internal_error' } });
    expect(await storedOf(jobId)).not.toContain('secret');
    expect(logged).toEqual([expect.objectContaining({ jobId, attempt: 1, error: expect.any(TypeError) })]);
  });

  it.each([
    ['task', { task: 'unheard.of' }],
    ['lane', { lane: 'elsewhere' }],
  ])('on a worker that does not know its %s leaves the job to others, for some minutes', async (what, change) => {
    const jobId = await t.submit('answer', change);
    const outcome = await t.run(jobId);
    expect(outcome).toMatchObject({ kind: 'deferred', delayMs: 5_000 });
    expect(await t.job(jobId)).toMatchObject({ status: 'queued', provider_calls: 0 });
    expect(await t.redis.hget(recordOf(jobId), 'failures')).toBeNull();
    await t.redis.hset(recordOf(jobId), 'attempt', 59);
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'internal_error' } });
    expect((await t.job(jobId)).error?.message).toContain(what);
    expect(t.calls).toHaveLength(0);
  });
});

describe('a release that is nobody’s any more', () => {
  it.each<[string, () => Promise<{ jobId: string; release: number }>]>([
    ['of an unknown job', async () => ({ jobId: 'job_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', release: 1 })],
    ['of a job that has a later one', () => submitAnd((name) => t.queues.scheduler.handOverAgain(name))],
    ['of a job that was cancelled while it waited', () => submitAnd(({ jobId }) => t.journal.cancel(jobId))],
    ['of a job that has completed', () => submitAnd(({ jobId }) => t.run(jobId))],
  ])('%s ends without a word', async (_, prepare) => {
    const { jobId, release } = await prepare();
    t.calls.length = 0;
    const before = await t.events(jobId);
    expect(await t.run(jobId, { release })).toEqual({ kind: 'ended' });
    expect(await t.events(jobId)).toEqual(before);
    expect(t.calls).toHaveLength(0);
    expect(t.deps.running.size).toBe(0);
  });

  it('of a job that runs, and was handed over again, is overtaken by the later one', async () => {
    const jobId = await t.submit('answer');
    const release = await t.releaseOf(jobId);
    await t.crash(jobId);
    expect(await t.queues.scheduler.handOverAgain({ jobId, release })).toBe('default');
    expect(await t.run(jobId, { release })).toEqual({ kind: 'ended' });
    expect(await t.run(jobId)).toEqual(completed);
  });
});

/** A new job with its first release, which `then` makes void. */
async function submitAnd(then: (name: { jobId: string; release: number }) => Promise<unknown>) {
  const jobId = await t.submit('answer');
  const name = { jobId, release: await t.releaseOf(jobId) };
  await then(name);
  return name;
}

describe('an attempt that is overtaken', () => {
  it('learns it from the journal, stops its call and writes nothing more', async () => {
    const jobId = await t.submit('babble');
    const outcome = t.run(jobId);
    await textIs(jobId, '.');
    await t.crash(jobId);
    expect(await outcome).toEqual({ kind: 'lost' });
    expect(t.calls[0]?.signal.aborted).toBe(true);
    expect(await t.job(jobId)).toMatchObject({ status: 'running', attempt: 2 });
    expect((await t.types(jobId)).filter((type) => type !== 'text.delta')).toEqual(['job.accepted', 'attempt.started']);
  });

  it('learns it from its lock, stops its call and writes nothing more', async () => {
    const lock = new AbortController();
    const jobId = await t.submit('wait');
    const outcome = t.run(jobId, { lockLost: lock.signal });
    await textIs(jobId, 'so far');
    lock.abort();
    expect(await outcome).toEqual({ kind: 'lost' });
    expect(t.calls[0]?.signal.aborted).toBe(true);
    expect(await t.types(jobId)).toEqual(['job.accepted', 'attempt.started', 'text.delta']);
  });

  it('is lost as well when it was cancelled at the same time', async () => {
    const jobId = await t.submit('wait');
    const outcome = t.run(jobId);
    await textIs(jobId, 'so far');
    await t.crash(jobId);
    const unlisten = await t.deps.running.listen(t.journal, t.feed);
    await t.journal.cancel(jobId);
    expect(await outcome).toEqual({ kind: 'lost' });
    unlisten();
    expect((await t.job(jobId)).status).toBe('running');
  });

  it('is lost when the job vanishes under it', async () => {
    const jobId = await t.submit('babble');
    const outcome = t.run(jobId);
    await textIs(jobId, '.');
    await t.redis.del(recordOf(jobId));
    expect(await outcome).toEqual({ kind: 'lost' });
    expect(await t.redis.exists(recordOf(jobId))).toBe(0);
  });
});

describe('an attempt that a failover has undone', () => {
  const undone = { 'in part': { seq: '1' }, whole: { seq: '1', attempt: '0', status: 'queued' } };
  it.each(Object.entries(undone))('%s stops its call and gives the job back at once', async (_, before) => {
    const jobId = await t.submit('babble');
    const outcome = t.run(jobId);
    await textIs(jobId, '.');
    await t.redis.hset(recordOf(jobId), before);
    expect(await outcome).toEqual({ kind: 'again' });
    expect(t.calls[0]?.signal.aborted).toBe(true);
    expect(await t.redis.hgetall(recordOf(jobId))).toMatchObject(before);
  });
});

describe('a cancel', () => {
  it('that came while nobody ran the job ends it without a call', async () => {
    const jobId = await t.submit('answer');
    await t.crash(jobId);
    expect(await t.journal.cancel(jobId)).toEqual({ kind: 'requested' });
    expect(await t.run(jobId)).toEqual(cancelled);
    expect(await t.types(jobId)).toEqual(['job.accepted', 'job.cancelled']);
    expect(await t.job(jobId)).toMatchObject({ status: 'cancelled', output_text: null, provider_calls: 0 });
    expect(t.calls).toHaveLength(0);
  });

  it('that is heard during the call stops it and keeps the text so far', async () => {
    const unlisten = await t.deps.running.listen(t.journal, t.feed);
    const jobId = await t.submit('wait');
    const outcome = t.run(jobId);
    await textIs(jobId, 'so far');
    await t.journal.cancel(jobId);
    expect(await outcome).toEqual(cancelled);
    unlisten();
    expect(t.calls[0]?.signal.aborted).toBe(true);
    expect(await t.types(jobId)).toEqual(['job.accepted', 'attempt.started', 'text.delta', 'job.cancelled']);
    expect(await t.job(jobId)).toMatchObject({ status: 'cancelled', output_text: 'so far', error: null });
  });

  it('that nobody hears is found in the reply to the next append', async () => {
    const jobId = await t.submit('babble');
    const outcome = t.run(jobId);
    await textIs(jobId, '.');
    await t.journal.cancel(jobId);
    expect(await outcome).toEqual(cancelled);
    expect((await t.types(jobId)).at(-1)).toBe('job.cancelled');
  });

  it('that finds the job on its way back to the queue ends it there', async () => {
    let jobId = '';
    t.modes.unheard = async function* () {
      yield { kind: 'text', text: 'so far' };
      // Or the reply to its append would tell of the cancel.
      await textIs(jobId, 'so far');
      await t.journal.cancel(jobId);
      throw new AttemptError('provider_unavailable', 'Down.', { retryable: true });
    };
    const running = await permits();
    jobId = await t.submit('unheard', { estimateUsd: 1 });
    expect((await usage()).reserved_usd).toBe(1);
    expect(await t.run(jobId)).toEqual(cancelled);
    expect(await t.job(jobId)).toMatchObject({ status: 'cancelled', provider_calls: 1 });
    expect((await t.types(jobId)).slice(-2)).toEqual(['attempt.failed', 'job.cancelled']);
    expect((await usage()).reserved_usd).toBe(0);
    expect(await permits()).toEqual(running);
  });

  it('that comes after the whole answer leaves the answer that was paid for', async () => {
    const unlisten = await t.deps.running.listen(t.journal, t.feed);
    let jobId = '';
    t.modes.late = async function* ({ signal }) {
      yield { kind: 'result', output: answer, usage: null };
      await t.journal.cancel(jobId);
      await until('the order has come', () => signal.aborted);
    };
    jobId = await t.submit('late');
    expect(await t.run(jobId)).toEqual(completed);
    unlisten();
    expect(await t.job(jobId)).toMatchObject({ status: 'completed', output: answer });
    expect((await t.types(jobId)).at(-1)).toBe('job.completed');
  });
});

describe('a deadline', () => {
  it('that has passed before the start fails the job without a call', async () => {
    const jobId = await t.submit('answer', { deadline_ms: 1 });
    await until('it has passed', async () => Date.parse((await t.job(jobId)).created_at) + 5 < Date.now());
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'deadline_exceeded' } });
    expect(await t.types(jobId)).toEqual(['job.accepted', 'job.failed']);
    expect(t.calls).toHaveLength(0);
  });

  it('that passes during the call stops it, fails the job and keeps the text so far', async () => {
    let jobId = '';
    // On a busy machine no call is made so soon: it is given more time then.
    for (let deadline_ms = 300; t.calls.length === 0; deadline_ms *= 2) {
      jobId = await t.submit('wait', { deadline_ms });
      expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'deadline_exceeded' } });
    }
    expect(t.calls[0]?.signal.aborted).toBe(true);
    expect(await t.job(jobId)).toMatchObject({
      status: 'failed',
      error: { code: 'deadline_exceeded', retryable: false },
      output_text: 'so far',
    });
  });

  it('that comes before the next try fails the job at once, and says why', async () => {
    const jobId = await t.submit('limit', { deadline_ms: 1_500 });
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'deadline_exceeded' } });
    expect((await t.job(jobId)).error?.message).toBe(
      'It would be tried again after its deadline, because of this: Later.',
    );
    const patient = await t.submit('limit', { deadline_ms: 60_000 });
    expect(await t.run(patient)).toMatchObject({ kind: 'retry' });
  });

  it('that is far away keeps nothing from completing', async () => {
    const jobId = await t.submit('answer', { deadline_ms: 30 * 86_400_000 });
    expect(await t.run(jobId)).toEqual(completed);
  });
});

describe('the crash limit', () => {
  it('lets a job that killed fewer workers run', async () => {
    const jobId = await t.submit('answer');
    await t.crash(jobId);
    expect(await t.run(jobId)).toEqual(completed);
    expect(await t.job(jobId)).toMatchObject({ attempt: 2 });
  });

  it('ends a job that killed so many, without a call', async () => {
    const jobId = await t.submit('answer');
    await t.crash(jobId);
    await t.crash(jobId);
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'crash_limit' } });
    expect(await t.types(jobId)).toEqual(['job.accepted', 'job.failed']);
    expect(t.calls).toHaveLength(0);
  });
});

describe('a worker that is drained', () => {
  it('hands the job back, due at once, none the worse', async () => {
    const jobId = await t.submit('wait');
    const release = await t.releaseOf(jobId);
    const outcome = t.run(jobId);
    await textIs(jobId, 'so far');
    expect(t.deps.running.size).toBe(1);
    expect(await waits(jobId)).toBe(false);
    t.deps.running.drain();
    expect(await outcome).toEqual({ kind: 'deferred', delayMs: 0, unblocked: [] });
    expect([await waits(jobId), await dueIn(jobId)]).toEqual([true, null]);
    expect(t.deps.running.size).toBe(0);
    expect((await t.events(jobId)).at(-1)).toMatchObject({
      type: 'attempt.failed',
      data: { error: { code: 'worker_stopped', retryable: true } },
    });
    expect(await t.job(jobId)).toMatchObject({ status: 'queued', error: null });
    const { failures, crashes } = await t.redis.hgetall(recordOf(jobId));
    expect([failures, crashes]).toEqual([undefined, undefined]);
    expect(await t.journal.claim(jobId, release)).toEqual({ kind: 'stale' });
    const again = await t.journal.claim(jobId, await t.releaseOf(jobId));
    expect(again).toMatchObject({
      kind: 'claimed',
      claim: { attempt: 2, crashes: 0, failures: 0, calls: { made: 1 } },
    });
  });
});
