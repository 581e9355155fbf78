/** The timeline of a job, as real attempts leave it and `readTimeline` reads it. A killed process: `tests/flow/timeline.test.ts`. */
import { AttemptError, type Provider, type ProviderEvent } from '@holdfast/core';
import { readTimeline, type Timeline } from '@holdfast/journal';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { jobOf, limited, model } from '../../testing/tasks.ts';
import { completed, openTestWorker, silent, type TestWorker, until } from '../../testing/worker.ts';
import { type Lane, withBreaker } from '../lanes/lane-providers.ts';
import { AttemptTimeline } from './attempt-timeline.ts';

let t: TestWorker;
let stopListening: () => void;
beforeAll(async () => {
  t = await openTestWorker();
  stopListening = await t.deps.running.listen(t.journal, t.feed);
});
afterEach(() => model.reset());
afterAll(async () => {
  stopListening();
  await t.close();
});

async function timelineOf(jobId: string): Promise<Timeline> {
  const timeline = await readTimeline(t.journal, jobId);
  if (!timeline) throw new Error(`there is no ${jobId}`);
  return timeline;
}

const ms = (time: string | null) => Date.parse(time ?? '');
const prices = { sim: { input_usd_per_million: 1e6, output_usd_per_million: 1e6 } };

describe('a timeline', () => {
  it('has the attempt and the call of a plain job, in the record: there is no other key for them', async () => {
    const jobId = await t.submit('answer');
    expect(await t.run(jobId, { deps: { prices } })).toEqual(completed);
    const { attempts, calls, steps, ...job } = await timelineOf(jobId);
    expect(job).toMatchObject({ status: 'completed', due_at: null, copied_from: null });
    expect(attempts).toEqual([
      {
        attempt: 1,
        worker: 'host-1',
        started_at: job.started_at,
        ended_at: expect.any(String),
        outcome: 'completed',
        error_code: null,
        retry_at: null,
      },
    ]);
    expect(calls).toEqual([
      {
        attempt: 1,
        call: '',
        provider: 'scripted',
        model: 'sim',
        endpoint: 'chat.completions',
        started_at: expect.any(String),
        first_token_at: expect.any(String),
        ended_at: expect.any(String),
        outcome: 'completed',
        error_code: null,
        retryable: false,
        resumed: false,
        input_tokens: 3,
        output_tokens: 2,
        cost_usd: 5,
      },
    ]);
    expect(steps).toEqual([]);
    const times = [job.created_at, attempts[0]?.started_at, calls[0]?.started_at, calls[0]?.first_token_at];
    const inOrder = [...times, calls[0]?.ended_at, attempts[0]?.ended_at].map((time) => ms(time ?? null));
    expect(inOrder).toEqual(inOrder.toSorted((one, other) => one - other));
    expect(await t.redis.exists(t.journal.keysOf(jobId).calls)).toBe(0);
  });

  it('shows what runs now', async () => {
    const jobId = await t.submit('wait');
    const running = t.run(jobId);
    await until('its call runs', async () => (await timelineOf(jobId)).calls.length === 1);
    expect(await timelineOf(jobId)).toMatchObject({
      status: 'running',
      attempts: [{ outcome: 'running', ended_at: null }],
      calls: [{ outcome: 'running', ended_at: null, cost_usd: null }],
    });
    await t.journal.cancel(jobId);
    await running;
  });

  it('has the steps and calls of a task, and what a later attempt replays', async () => {
    let fails = true;
    const { id, attempt } = await jobOf(t, async (ctx) => {
      const first = await ctx.step('first', () => ctx.generate({ prompt: 'one' }));
      if (fails) throw limited();
      return ctx.step('second', async () => `${first} ${await ctx.generate({ prompt: 'two' })}`);
    });
    expect((await attempt()).kind).toBe('retry');
    fails = false;
    expect(await attempt()).toEqual(completed);
    const { attempts, calls, steps } = await timelineOf(id);
    expect(attempts).toMatchObject([
      { attempt: 1, outcome: 'retry', error_code: 'provider_rate_limited' },
      { attempt: 2, outcome: 'completed' },
    ]);
    expect(ms(attempts[0]?.retry_at ?? null)).toBeGreaterThanOrEqual(ms(attempts[0]?.ended_at ?? null));
    expect(calls.map(({ attempt: of, call, outcome }) => [of, call.split('/')[0], outcome])).toEqual([
      [1, 'first', 'completed'],
      [2, 'second', 'completed'],
    ]);
    expect(steps).toMatchObject([
      { step: 'first', attempt: 1, replayed: true },
      { step: 'second', attempt: 2, replayed: false },
    ]);
    expect(ms(steps[0]?.ended_at ?? null)).toBeGreaterThanOrEqual(ms(calls[0]?.ended_at ?? null));
  });

  it('has the failed call of an attempt that is tried again', async () => {
    const jobId = await t.submit('limit');
    expect((await t.run(jobId)).kind).toBe('retry');
    expect(await timelineOf(jobId)).toMatchObject({
      status: 'queued',
      attempts: [{ outcome: 'retry', error_code: 'provider_rate_limited' }],
      calls: [{ outcome: 'failed', error_code: 'provider_rate_limited', retryable: true, cost_usd: null }],
    });
  });

  it('has both calls where a second provider goes on', async () => {
    const down: Provider = {
      name: 'down',
      // biome-ignore lint/correctness/useYield: it only fails
      async *call(): AsyncGenerator<ProviderEvent> {
        throw new AttemptError('provider_unavailable', 'Down.', { retryable: true, unpaid: true, status: 503 });
      },
    };
    const scripted = t.deps.lanes.get('default');
    if (!scripted) throw new Error('there is no lane');
    const providers: Lane['providers'] = [withBreaker(down, 'default', silent), scripted.providers[0]];
    const jobId = await t.submit('answer');
    expect(await t.run(jobId, { deps: { lanes: new Map([['default', { ...scripted, providers }]]) } })).toEqual(
      completed,
    );
    expect((await timelineOf(jobId)).calls).toMatchObject([
      { provider: 'down', outcome: 'failed', error_code: 'provider_unavailable' },
      { provider: 'scripted', outcome: 'completed' },
    ]);
  });

  it('shows an attempt whose worker vanished as lost, and its call as interrupted', async () => {
    const jobId = await t.submit('answer');
    await t.crash(jobId);
    expect(await t.run(jobId)).toEqual(completed);
    expect((await timelineOf(jobId)).attempts).toMatchObject([
      { attempt: 1, outcome: 'lost', ended_at: null },
      { attempt: 2, outcome: 'completed' },
    ]);
  });

  it('has the end of a cancelled call, and is kept when the job is run again', async () => {
    const jobId = await t.submit('wait');
    const running = t.run(jobId);
    await until('its text is there', async () => (await t.types(jobId)).includes('text.delta'));
    await t.journal.cancel(jobId);
    await running;
    const before = await timelineOf(jobId);
    expect(before).toMatchObject({
      status: 'cancelled',
      attempts: [{ outcome: 'cancelled' }],
      calls: [{ outcome: 'cancelled', first_token_at: expect.any(String), ended_at: expect.any(String) }],
    });
    await t.journal.retry(await t.job(jobId), { limits: {}, estimateUsd: null });
    await t.crash(jobId);
    const after = await timelineOf(jobId);
    expect(after.attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(after.calls).toEqual(before.calls);
  });

  it('has the end of a job whose deadline passed while it ran', async () => {
    const jobId = await t.submit('wait', { deadline_ms: 300 });
    expect((await t.run(jobId)).kind).toBe('failed');
    expect(await timelineOf(jobId)).toMatchObject({
      status: 'failed',
      attempts: [{ outcome: 'failed', error_code: 'deadline_exceeded' }],
      calls: [{ outcome: 'cancelled', ended_at: expect.any(String) }],
    });
  });

  it('of an unknown job is null, and of a job of an older version has its times only', async () => {
    expect(await readTimeline(t.journal, 'job_never')).toBeNull();
    const jobId = await t.submit('answer');
    await t.run(jobId);
    await t.redis.hdel(t.journal.keysOf(jobId).record, 'ran:1', 'made:1.1');
    expect(await timelineOf(jobId)).toMatchObject({ status: 'completed', attempts: [], calls: [], steps: [] });
  });
});

describe('what a timeline keeps', () => {
  const begin = { id: '', provider: 'main', model: 'sim', endpoint: 'responses', resumed: false } as const;
  const open = (timeline: string[], attempt: number) =>
    new AttemptTimeline({
      claim: { attempt, startMs: 0, timeline },
      worker: 'host-1',
      claimedAt: performance.now(),
    });

  it('is the newest 200 calls, over all attempts', () => {
    const known = Array.from({ length: 199 }, (_, at) => `made:1.${at + 1}`);
    const timeline = open([...known].reverse(), 2);
    expect(Object.values(timeline.beginCall(begin).fields)).not.toContain('');
    expect(timeline.beginCall(begin).fields).toMatchObject({ 'made:1.1': '', 'made:2.2': expect.any(String) });
    expect(timeline.beginCall(begin).fields).toMatchObject({ 'made:1.2': '' });
  });

  it('is the newest 50 attempts', () => {
    const known = Array.from({ length: 51 }, (_, at) => `ran:${at + 1}`);
    expect(open(known.slice(0, 50), 51).end('completed', null)).not.toHaveProperty('ran:1');
    expect(open(known, 52).end('completed', null)).toMatchObject({ 'ran:1': '' });
  });
});
