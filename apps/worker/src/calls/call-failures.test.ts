/** What is kept of an answer's failed calls over attempts: how many may be made, and what the job's error says in the end. */
import { AttemptError, type Provider, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import { Breaker } from '@holdfast/providers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jobOf, model } from '../../testing/tasks.ts';
import { aborted, completed, oneProvider, openTestWorker, type TestWorker, until } from '../../testing/worker.ts';
import type { AttemptDeps } from '../attempt/open-attempt.ts';
import type { Lane, LaneProvider } from '../lanes/lane-providers.ts';

// cspell:ignore AABB

type Says = (call: ProviderCall) => AsyncGenerator<ProviderEvent>;

let t: TestWorker;
/** What the provider says next, in turn; after that, a whole answer. */
let says: Says[];
let calls: number;
beforeAll(async () => {
  t = await openTestWorker();
});
beforeEach(() => {
  [says, calls] = [[], 0];
  model.reset();
});
afterAll(() => t.close());

const provider: Provider = {
  name: 'main',
  call(call) {
    calls += 1;
    return (says.shift() ?? whole)(call);
  },
};

async function* whole(): AsyncGenerator<ProviderEvent> {
  yield { kind: 'result', output: { choices: [] }, usage: { input_tokens: 1, output_tokens: 1 } };
}

const hang: Says = async function* ({ signal }) {
  yield { kind: 'text', text: 'so far' };
  await aborted(signal);
};

function failing(code: AttemptError['code'], options = {}): Says {
  // biome-ignore lint/correctness/useYield: it fails before it says anything.
  return async function* () {
    throw new AttemptError(code, `It said ${code}.`, { retryable: true, provider: 'main', ...options });
  };
}

const unreadable = failing('provider_bad_response');
const down = failing('provider_unavailable', { status: 503 });
const unreached = failing('provider_unavailable', { unpaid: true });
const lost = failing('provider_stream_cut', { ambiguous: true });
const times = (count: number, said: Says) => Array.from({ length: count }, () => said);
const why = { provider: 'main', code: 'provider_unavailable', status: 503 };

/** A job on a lane with one provider, whose breaker stays open for a tenth of a second. */
async function submitJob(change: Partial<Lane> = {}, request = {}) {
  const breaker = new Breaker({ now: () => performance.now(), openMs: 100, onChange: () => undefined });
  const providers: [LaneProvider] = [{ provider, model: null, breaker }];
  const lanes = new Map([['default', { ...oneProvider(provider), providers, ...change }]]);
  const id = await t.submit('x', request);
  const attempt = (deps: Partial<AttemptDeps> = {}) => t.run(id, { deps: { lanes, ...deps } });
  return { id, breaker, attempt };
}

describe('calls for one answer that may have been paid', () => {
  it('are as many as the lane allows, over all attempts; the job’s error is what the last one said', async () => {
    const { id, attempt } = await submitJob({ maxCalls: 2 });
    says = times(5, unreadable);
    expect((await attempt()).kind).toBe('retry');
    expect((await attempt()).kind).toBe('failed');
    expect(calls).toBe(2);
    const { error } = await t.job(id);
    expect(error).toMatchObject({ code: 'provider_bad_response', retryable: true, provider: 'main' });
    expect(error?.message).toMatch(/^It said provider_bad_response\..*max_calls is 2/);
  });

  it('are no more where they are trials of an open breaker', async () => {
    const { id, breaker, attempt } = await submitJob({ maxCalls: 3 });
    breaker.shut(50, why);
    says = times(10, lost);
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'provider_stream_cut' } });
    expect(calls).toBe(3);
    expect(await t.job(id)).toMatchObject({ attempt: 1, provider_calls: 3, ambiguous_calls: 3 });
  });

  it('are no more where their workers stop or vanish', async () => {
    const { id, attempt } = await submitJob({ maxCalls: 2 });
    says = times(5, hang);
    for (const made of [1, 2]) {
      const outcome = attempt();
      await until(
        'its text comes',
        async () => (await t.types(id)).filter((type) => type === 'text.delta').length >= made,
      );
      t.deps.running.drain();
      expect((await outcome).kind).toBe('deferred');
    }
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'call_limit' } });
    expect(calls).toBe(2);
    expect(await t.job(id)).toMatchObject({ provider_calls: 2, ambiguous_calls: 2 });
  });

  it('are not those that were refused or never left', async () => {
    const { id, attempt } = await submitJob({ maxCalls: 1 });
    says = [down, unreached];
    for (const kind of ['retry', 'retry']) expect((await attempt()).kind).toBe(kind);
    expect(await attempt()).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ provider_calls: 3 });
  });

  it('are not those that are repeated under their key: it is one call', async () => {
    const { attempt } = await submitJob({ maxCalls: 1, idempotent: true });
    says = times(2, lost);
    for (const kind of ['retry', 'retry']) expect((await attempt()).kind).toBe(kind);
    expect(await attempt()).toEqual(completed);
    expect(calls).toBe(3);
  });

  it('are counted anew once the job is run again', async () => {
    const { id, attempt } = await submitJob({ maxCalls: 1 });
    says = [unreadable];
    expect((await attempt()).kind).toBe('failed');
    await t.journal.retry(await t.job(id), { limits: {}, estimateUsd: null });
    expect(await attempt()).toEqual(completed);
  });

  it('are counted for each answer of a task by itself, until it comes', async () => {
    const failOnce = (prompt: string): Says => {
      return (call) => {
        delete model.says[prompt];
        return unreadable(call);
      };
    };
    const { id, attempt } = await jobOf(
      t,
      async (ctx) => (await ctx.generate({ prompt: 'aa' })) + (await ctx.generate({ prompt: 'bb' })),
      { lane: { maxCalls: 2 } },
    );
    model.says = { aa: failOnce('aa'), bb: failOnce('bb') };
    for (const kind of ['retry', 'retry']) expect((await attempt()).kind).toBe(kind);
    expect(await attempt()).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ output: 'AABB', provider_calls: 4 });
    const kept = await t.redis.hkeys(t.journal.keysOf(id).calls);
    expect(kept.filter((field) => field.startsWith('failed:'))).toEqual([]);
  });

  it('end a task’s job once one answer has had all of them', async () => {
    const { id, attempt } = await jobOf(t, (ctx) => ctx.generate({ prompt: 'aa' }), { lane: { maxCalls: 2 } });
    model.says = { aa: unreadable };
    expect((await attempt()).kind).toBe('retry');
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'provider_bad_response' } });
    expect(await t.job(id)).toMatchObject({ provider_calls: 2 });
  });
});

describe('a job whose provider can’t be called any more', () => {
  it('fails with what its own last call said', async () => {
    const { id, breaker, attempt } = await submitJob();
    says = [failing('provider_unavailable', { status: 500 })];
    expect((await attempt()).kind).toBe('retry');
    breaker.shut(60_000, why);
    for (const kind of ['retry', 'failed']) expect((await attempt({ maxWaitMs: -1 })).kind).toBe(kind);
    const tried = [{ provider: 'main', code: 'provider_unavailable', status: 500 }];
    const { error } = await t.job(id);
    expect(error).toMatchObject({ status: 500, provider: 'main', retryable: true, tried });
    expect(error?.message).toMatch(/^It said provider_unavailable\./);
    expect(calls).toBe(1);
  });

  it('fails with who can’t be called, where it has made no call', async () => {
    const { id, breaker, attempt } = await submitJob();
    breaker.shut(60_000, why);
    for (const kind of ['retry', 'retry', 'failed']) expect((await attempt({ maxWaitMs: -1 })).kind).toBe(kind);
    expect((await t.job(id)).error).toMatchObject({ code: 'provider_unavailable', tried: [why] });
    expect((await t.job(id)).error?.message).toMatch(/^No provider can be called now/);
  });

  it('says at its deadline what its own last call said', async () => {
    const { id, breaker, attempt } = await submitJob({}, { deadline_ms: 600_000 });
    says = [down];
    await attempt();
    breaker.shut(60_000, why);
    await t.redis.hset(t.journal.keysOf(id).record, 'deadline_at', Date.now() + 300);
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'deadline_exceeded' } });
    expect((await t.job(id)).error?.message).toMatch(/It said provider_unavailable/);
  });
});

describe('a job that its provider’s breaker holds', () => {
  /** Its own failures have opened the breaker. */
  async function heldJob() {
    const { id, attempt } = await submitJob();
    const asker = { tenant: 'acme', job: id };
    const slow = new Breaker({ now: () => performance.now(), openMs: 60_000, onChange: () => undefined });
    for (let at = 0; at < 5; at += 1) slow.enter(asker)?.failed(why);
    const providers: [LaneProvider] = [{ provider, model: null, breaker: slow }];
    const lanes = new Map([['default', { ...oneProvider(provider), providers }]]);
    return { id, attempt: (deps: Partial<AttemptDeps> = {}) => attempt({ lanes, ...deps }) };
  }

  it('goes back into the queue where others wait for a turn, which is no failure', async () => {
    const { id, attempt } = await heldJob();
    const scheduler = { doOthersWait: async (lane: string, tenant: string) => `${lane} ${tenant}` === 'default acme' };
    expect(await attempt({ scheduler })).toMatchObject({ kind: 'deferred', delayMs: 10_000 });
    expect(await t.job(id)).toMatchObject({ status: 'queued', provider_calls: 0 });
    expect(await t.redis.hget(t.journal.keysOf(id).record, 'failures')).toBeNull();
  });

  it('keeps its slot where none do', async () => {
    const { id, attempt } = await heldJob();
    const stopListening = await t.deps.running.listen(t.journal, t.feed);
    let looked = 0;
    const outcome = attempt({
      scheduler: {
        async doOthersWait() {
          looked += 1;
          return false;
        },
      },
    });
    await until('it has looked twice', () => looked === 2);
    await t.journal.cancel(id);
    expect((await outcome).kind).toBe('cancelled');
    stopListening();
  });

  it('keeps its slot where nobody else could use it: everybody is held', async () => {
    const { breaker, attempt } = await submitJob();
    breaker.shut(1_500, why);
    const scheduler = {
      async doOthersWait(): Promise<boolean> {
        throw new Error('nobody need ask');
      },
    };
    const warnings: string[] = [];
    const logger = { ...t.deps.logger, warn: (_: object, message: string) => void warnings.push(message) };
    expect(await attempt({ scheduler, logger })).toEqual(completed);
    expect(warnings).toEqual([]);
  });
});
