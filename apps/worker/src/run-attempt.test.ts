import { AttemptError } from '@holdfast/core';
import { reportUsage } from '@holdfast/gate';
import { FlushClock } from '@holdfast/journal';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { answer, openTestWorker, silent, type TestWorker, until } from './test-worker.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
beforeEach(() => {
  t.calls.length = 0;
});
afterAll(() => t.close());

const recordOf = (jobId: string) => t.journal.keysOf(jobId).record;

const textIs = (jobId: string, text: string) =>
  until(`the journal has "${text}"`, async () =>
    (await t.events(jobId)).some(({ type, data }) => type === 'text.delta' && data.text === text),
  );

describe('an attempt that completes', () => {
  it('journals its beginning, every provider event and its end, in order and numbered without a gap', async () => {
    const jobId = await t.accept('answer');
    expect(await t.run(jobId)).toEqual({ kind: 'completed' });
    const usage = { input_tokens: 3, output_tokens: 2, cost_usd: null, cached: false };
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
    const jobId = await t.accept('answer', { task: 'responses', input });
    await t.run(jobId);
    expect(t.calls.map(({ endpoint, body }) => ({ endpoint, body }))).toEqual([{ endpoint: 'responses', body: input }]);
  });

  it('has no usage where the provider told none', async () => {
    t.modes.free = async function* () {
      yield { kind: 'result', output: 'plain', usage: null };
    };
    const jobId = await t.accept('free');
    await t.run(jobId);
    expect(await t.job(jobId)).toMatchObject({ usage: null, output: 'plain', output_text: 'plain' });
  });

  it('has counted the call and journaled the beginning before the call leaves', async () => {
    const seen: unknown[] = [];
    let jobId = '';
    t.modes.look = async function* () {
      seen.push((await t.job(jobId)).provider_calls, await t.types(jobId));
      yield { kind: 'result', output: null, usage: null };
    };
    jobId = await t.accept('look');
    await t.run(jobId);
    expect(seen).toEqual([1, ['job.accepted', 'attempt.started']]);
  });

  it('holds the provider back while a megabyte waits for Redis', async () => {
    const sizes: number[] = [];
    let jobId = '';
    t.modes.flood = async function* () {
      for (let piece = 0; piece < 4; piece++) {
        sizes.push(await t.redis.strlen(t.journal.keysOf(jobId).log));
        yield { kind: 'text', text: 'x'.repeat(600_000) };
      }
      yield { kind: 'result', output: null, usage: null };
    };
    jobId = await t.accept('flood');
    // A clock so slow that, but for the holding back, all pieces would come before its first tick.
    const clock = new FlushClock({ journal: t.journal, logger: silent, intervalMs: 500 });
    expect(await t.run(jobId, { parts: { clock } })).toEqual({ kind: 'completed' });
    expect(sizes[1]).toBeLessThan(600_000);
    expect(sizes[2]).toBeGreaterThan(1_200_000);
    expect(sizes).toHaveLength(4);
  });
});

describe('an attempt that fails', () => {
  it('for good ends the job with the error and the text so far', async () => {
    const jobId = await t.accept('refuse');
    const outcome = await t.run(jobId);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'provider_bad_request' } });
    expect(await t.types(jobId)).toEqual(['job.accepted', 'attempt.started', 'text.delta', 'job.failed']);
    const error = { code: 'provider_bad_request', message: 'No.', retryable: false, status: 400, provider: 'scripted' };
    expect((await t.events(jobId)).at(-1)?.data).toEqual({ error });
    expect(await t.job(jobId)).toMatchObject({ status: 'failed', error, output: null, output_text: 'so far' });
  });

  it('for now puts the job back, not before the provider asked for it', async () => {
    const jobId = await t.accept('limit');
    const begun = Date.now();
    expect(await t.run(jobId)).toMatchObject({
      kind: 'retry',
      next: { jobId, release: 2, lane: 'default', tenant: 'acme', tokens: 10, delayMs: 2_000, again: true },
      error: { code: 'provider_rate_limited' },
    });
    const job = await t.job(jobId);
    expect(job).toMatchObject({ status: 'queued', attempt: 1, output_text: null, error: null, finished_at: null });
    expect(Date.parse(job.retry_at ?? '')).toBeGreaterThanOrEqual(begun + 2_000);
    expect((await t.events(jobId)).at(-1)).toMatchObject({
      type: 'attempt.failed',
      data: { retry_at: job.retry_at, error: { code: 'provider_rate_limited', retryable: true, status: 429 } },
    });
  });

  it('is tried again with the next number, until the policy has had enough', async () => {
    const jobId = await t.accept('cut');
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
    const jobId = await t.accept('stop');
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'provider_bad_response' } });
  });

  it('by an exception of our own says so, and not what it said', async () => {
    const logged: object[] = [];
    const logger = { ...silent, error: (fields: object) => void logged.push(fields) };
    const jobId = await t.accept('break');
    const outcome = await t.run(jobId, { parts: { logger } });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'internal_error' } });
    const kept = JSON.stringify([await t.job(jobId), await t.events(jobId), await t.redis.hgetall(recordOf(jobId))]);
    expect(kept).not.toContain('secret');
    expect(logged).toEqual([expect.objectContaining({ jobId, attempt: 1, error: expect.any(TypeError) })]);
  });

  it.each([
    ['task', { task: 'unheard.of' }],
    ['lane', { lane: 'elsewhere' }],
  ])('on a worker that does not know its %s leaves the job to others, for some minutes', async (what, change) => {
    const jobId = await t.accept('answer', change);
    const outcome = await t.run(jobId);
    expect(outcome).toMatchObject({ kind: 'deferred', next: { jobId, release: 2, delayMs: 5_000 } });
    expect(await t.job(jobId)).toMatchObject({ status: 'queued', provider_calls: 0 });
    expect(await t.redis.hget(recordOf(jobId), 'failures')).toBeNull();
    await t.redis.hset(recordOf(jobId), 'attempt', 59);
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'internal_error' } });
    expect((await t.job(jobId)).error?.message).toContain(what);
    expect(t.calls).toHaveLength(0);
  });
});

describe('a release that is nobody’s any more', () => {
  it.each<[string, () => Promise<{ jobId: string; release?: number }>]>([
    ['of an unknown job', async () => ({ jobId: 'job_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' })],
    [
      'of a job that has a later one',
      async () => {
        const jobId = await t.accept('answer');
        await t.journal.renewRelease({ jobId, release: 1, attempt: 0 });
        return { jobId };
      },
    ],
    [
      'of a job that was cancelled while it waited',
      async () => {
        const jobId = await t.accept('answer');
        await t.journal.cancel(jobId);
        return { jobId };
      },
    ],
    [
      'of a job that has completed',
      async () => {
        const jobId = await t.accept('answer');
        await t.run(jobId);
        return { jobId };
      },
    ],
  ])('%s ends without a word', async (_, prepare) => {
    const { jobId } = await prepare();
    t.calls.length = 0;
    const before = await t.events(jobId);
    expect(await t.run(jobId, { release: 1 })).toEqual({ kind: 'ended' });
    expect(await t.events(jobId)).toEqual(before);
    expect(t.calls).toHaveLength(0);
    expect(t.parts.running.size).toBe(0);
  });
});

describe('an attempt that is overtaken', () => {
  it('learns it from the journal, stops its call and writes nothing more', async () => {
    const jobId = await t.accept('babble');
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
    const jobId = await t.accept('wait');
    const outcome = t.run(jobId, { lockLost: lock.signal });
    await textIs(jobId, 'so far');
    lock.abort();
    expect(await outcome).toEqual({ kind: 'lost' });
    expect(t.calls[0]?.signal.aborted).toBe(true);
    expect(await t.types(jobId)).toEqual(['job.accepted', 'attempt.started', 'text.delta']);
  });

  it('is lost as well when it was cancelled at the same time', async () => {
    const jobId = await t.accept('wait');
    const outcome = t.run(jobId);
    await textIs(jobId, 'so far');
    await t.crash(jobId);
    const unlisten = await t.parts.running.listen(t.journal, t.feed);
    await t.journal.cancel(jobId);
    expect(await outcome).toEqual({ kind: 'lost' });
    unlisten();
    expect((await t.job(jobId)).status).toBe('running');
  });

  it('is lost when the job vanishes under it', async () => {
    const jobId = await t.accept('babble');
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
    const jobId = await t.accept('babble');
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
    const jobId = await t.accept('answer');
    await t.crash(jobId);
    expect(await t.journal.cancel(jobId)).toEqual({ kind: 'requested' });
    expect(await t.run(jobId)).toEqual({ kind: 'cancelled' });
    expect(await t.types(jobId)).toEqual(['job.accepted', 'job.cancelled']);
    expect(await t.job(jobId)).toMatchObject({ status: 'cancelled', output_text: null, provider_calls: 0 });
    expect(t.calls).toHaveLength(0);
  });

  it('that is heard during the call stops it and keeps the text so far', async () => {
    const unlisten = await t.parts.running.listen(t.journal, t.feed);
    const jobId = await t.accept('wait');
    const outcome = t.run(jobId);
    await textIs(jobId, 'so far');
    await t.journal.cancel(jobId);
    expect(await outcome).toEqual({ kind: 'cancelled' });
    unlisten();
    expect(t.calls[0]?.signal.aborted).toBe(true);
    expect(await t.types(jobId)).toEqual(['job.accepted', 'attempt.started', 'text.delta', 'job.cancelled']);
    expect(await t.job(jobId)).toMatchObject({ status: 'cancelled', output_text: 'so far', error: null });
  });

  it('that nobody hears is found in the reply to the next append', async () => {
    const jobId = await t.accept('babble');
    const outcome = t.run(jobId);
    await textIs(jobId, '.');
    await t.journal.cancel(jobId);
    expect(await outcome).toEqual({ kind: 'cancelled' });
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
    jobId = await t.accept('unheard');
    await t.letIn(jobId, 1);
    expect(await t.run(jobId)).toEqual({ kind: 'cancelled' });
    expect(await t.job(jobId)).toMatchObject({ status: 'cancelled', provider_calls: 1 });
    expect((await t.types(jobId)).slice(-2)).toEqual(['attempt.failed', 'job.cancelled']);
    expect((await reportUsage(t.parts.ledger, 'acme', {}, {})).reserved_usd).toBe(0);
  });

  it('that comes after the whole answer leaves the answer that was paid for', async () => {
    const unlisten = await t.parts.running.listen(t.journal, t.feed);
    let jobId = '';
    t.modes.late = async function* ({ signal }) {
      yield { kind: 'result', output: answer, usage: null };
      await t.journal.cancel(jobId);
      await until('the order has come', () => signal.aborted);
    };
    jobId = await t.accept('late');
    expect(await t.run(jobId)).toEqual({ kind: 'completed' });
    unlisten();
    expect(await t.job(jobId)).toMatchObject({ status: 'completed', output: answer });
    expect((await t.types(jobId)).at(-1)).toBe('job.completed');
  });
});

describe('a deadline', () => {
  it('that has passed before the start fails the job without a call', async () => {
    const jobId = await t.accept('answer', { deadline_ms: 1 });
    await until('it has passed', async () => Date.parse((await t.job(jobId)).created_at) + 5 < Date.now());
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'deadline_exceeded' } });
    expect(await t.types(jobId)).toEqual(['job.accepted', 'job.failed']);
    expect(t.calls).toHaveLength(0);
  });

  it('that passes during the call stops it, fails the job and keeps the text so far', async () => {
    const jobId = await t.accept('wait', { deadline_ms: 300 });
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'deadline_exceeded' } });
    expect(t.calls[0]?.signal.aborted).toBe(true);
    expect(await t.job(jobId)).toMatchObject({
      status: 'failed',
      error: { code: 'deadline_exceeded', retryable: false },
      output_text: 'so far',
    });
  });

  it('that comes before the next try fails the job at once, and says why', async () => {
    const jobId = await t.accept('limit', { deadline_ms: 1_500 });
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'deadline_exceeded' } });
    expect((await t.job(jobId)).error?.message).toBe(
      'It would be tried again after its deadline, because of this: Later.',
    );
    const patient = await t.accept('limit', { deadline_ms: 60_000 });
    expect(await t.run(patient)).toMatchObject({ kind: 'retry' });
  });

  it('that is far away keeps nothing from completing', async () => {
    const jobId = await t.accept('answer', { deadline_ms: 30 * 86_400_000 });
    expect(await t.run(jobId)).toEqual({ kind: 'completed' });
  });
});

describe('the crash limit', () => {
  it('lets a job that killed fewer workers run', async () => {
    const jobId = await t.accept('answer');
    await t.crash(jobId);
    expect(await t.run(jobId)).toEqual({ kind: 'completed' });
    expect(await t.job(jobId)).toMatchObject({ attempt: 2 });
  });

  it('ends a job that killed so many, without a call', async () => {
    const jobId = await t.accept('answer');
    await t.crash(jobId);
    await t.crash(jobId);
    expect(await t.run(jobId)).toMatchObject({ kind: 'failed', error: { code: 'crash_limit' } });
    expect(await t.types(jobId)).toEqual(['job.accepted', 'job.failed']);
    expect(t.calls).toHaveLength(0);
  });
});

describe('a worker that is drained', () => {
  it('hands the job back, due at once, none the worse', async () => {
    const jobId = await t.accept('wait');
    const outcome = t.run(jobId);
    await textIs(jobId, 'so far');
    expect(t.parts.running.size).toBe(1);
    t.parts.running.drain();
    const next = { jobId, release: 2, delayMs: 0, deadlineInMs: null, priority: 0, again: true };
    expect(await outcome).toMatchObject({ kind: 'deferred', next });
    expect(t.parts.running.size).toBe(0);
    expect((await t.events(jobId)).at(-1)).toMatchObject({
      type: 'attempt.failed',
      data: { error: { code: 'worker_stopped', retryable: true } },
    });
    expect(await t.job(jobId)).toMatchObject({ status: 'queued', error: null });
    const { failures, crashes } = await t.redis.hgetall(recordOf(jobId));
    expect([failures, Number(crashes)]).toEqual([undefined, 0]);
    expect(await t.journal.claim(jobId, 1)).toEqual({ kind: 'stale' });
    const again = await t.journal.claim(jobId, 2);
    expect(again).toMatchObject({
      kind: 'claimed',
      claim: { attempt: 2, crashes: 0, failures: 0, calls: { made: 1 } },
    });
  });
});
