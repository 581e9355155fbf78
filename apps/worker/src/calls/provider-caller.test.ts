import { AttemptError, type JsonObject, type Provider, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import { Breaker } from '@holdfast/providers';
import type { TaskContext } from '@holdfast/tasks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { dataOf, jobOf, modelProvider } from '../../testing/tasks.ts';
import { completed, openTestWorker, silent, type TestWorker, until } from '../../testing/worker.ts';
import type { AttemptDeps } from '../attempt/open-attempt.ts';
import { type Lane, withBreaker } from '../lanes/lane-providers.ts';
import { endLeftovers } from '../maintenance/end-leftovers.ts';

type Says = () => AsyncGenerator<ProviderEvent>;

let t: TestWorker;
/** What each of the two says next, in turn; after that, a whole answer. */
let says: { main: Says[]; spare: Says[] };
let calls: { provider: string; call: ProviderCall }[];
let ended: string[];
beforeAll(async () => {
  t = await openTestWorker();
});
beforeEach(() => {
  says = { main: [], spare: [] };
  [calls, ended] = [[], []];
});
afterAll(() => t.close());

const output = { choices: [{ message: { role: 'assistant', content: 'Hi' } }] };

async function* whole(): AsyncGenerator<ProviderEvent> {
  yield { kind: 'text', text: 'Hi' };
  yield { kind: 'result', output, usage: { input_tokens: 1, output_tokens: 1 } };
}

function failing(code: AttemptError['code'], options = {}, ...before: ProviderEvent[]): Says {
  return async function* () {
    yield* before;
    throw new AttemptError(code, `It said ${code}.`, { retryable: true, ...options });
  };
}

const lost = failing('provider_stream_cut', { ambiguous: true });
const down = failing('provider_unavailable', { status: 503 });

function scripted(name: 'main' | 'spare'): Provider {
  return {
    name,
    call(call) {
      calls.push({ provider: name, call });
      return (says[name].shift() ?? whole)();
    },
    cancelResponse: async (id) => void ended.push(`${name} ${id}`),
  };
}

/** A lane with both, and a job on it; `attempt` runs it, as the next worker would. */
async function jobOn(change: Partial<Lane> = {}, request = {}) {
  const main = withBreaker(scripted('main'), 'default', silent);
  const spare = withBreaker(scripted('spare'), 'default', silent, 'other-model');
  const lane: Lane = { providers: [main, spare], background: false, idempotent: false, maxCalls: 6, ...change };
  const lanes = new Map([['default', lane]]);
  const id = await t.submit('x', request);
  return {
    id,
    main,
    spare,
    lanes,
    attempt: (deps: Partial<AttemptDeps> = {}) => t.run(id, { deps: { ...deps, lanes } }),
  };
}

const asked = () => calls.map(({ provider }) => provider);
const keys = () => calls.map(({ call }) => call.idempotencyKey);
const why = { provider: 'main', code: 'provider_unavailable', status: 503 };

describe('a call that its provider has failed', () => {
  it('goes to the next one, with its model and a key of its own, and counts as another call', async () => {
    const { id, attempt } = await jobOn({ idempotent: true });
    says.main = [down];
    expect(await attempt()).toEqual(completed);
    expect(asked()).toEqual(['main', 'spare']);
    expect(calls.map(({ call }) => call.body.model)).toEqual(['sim', 'other-model']);
    expect(new Set(keys()).size).toBe(2);
    expect(await t.job(id)).toMatchObject({ provider_calls: 2, ambiguous_calls: 0 });
    expect(await t.types(id)).toEqual(expect.arrayContaining(['attempt.started', 'provider.switched']));
  });

  it('is repeated there under its key, where it may have been paid', async () => {
    const { id, attempt } = await jobOn({ idempotent: true });
    says.main = [lost];
    expect((await attempt()).kind).toBe('retry');
    expect(await attempt()).toEqual(completed);
    expect(asked()).toEqual(['main', 'main']);
    expect(new Set(keys()).size).toBe(1);
    expect(await t.job(id)).toMatchObject({ ambiguous_calls: 0 });
  });

  it.each([
    ['is given up for another, and counted, once its provider is known to be unhealthy', {}, ['main', 'spare'], 1],
    ['waits for its provider, where it may not be paid twice', { on_ambiguous: 'fail' }, ['main', 'main'], 0],
  ])('under a key %s', async (_, request, providers, ambiguous_calls) => {
    const { id, main, attempt } = await jobOn({ idempotent: true }, request);
    says.main = [lost];
    await attempt();
    main.breaker.shut(60_000, why);
    expect(await attempt()).toEqual(completed);
    expect(asked()).toEqual(providers);
    expect(new Set(keys()).size).toBe(new Set(providers).size);
    expect(await t.job(id)).toMatchObject({ status: 'completed', ambiguous_calls });
  });

  it('that readers have something of hands over to each other one at once; then all are waited for', async () => {
    const { id, attempt } = await jobOn();
    const midway = failing('provider_stalled', { ambiguous: true }, { kind: 'event', event: { type: 'begun' } });
    says = { main: [midway], spare: [midway] };
    const deps = { random: () => 0.5 };
    expect(await attempt(deps)).toMatchObject({ kind: 'retry', delayMs: 0 });
    const second = await attempt(deps);
    expect(second).toMatchObject({ kind: 'retry', delayMs: 500 });
    const tried = ['main', 'spare'].map((provider) => ({ provider, code: 'provider_stalled' }));
    expect(second).toMatchObject({ error: { tried } });
    expect(await attempt(deps)).toEqual(completed);
    expect(asked()).toEqual(['main', 'spare', 'main']);
    expect(await t.types(id)).not.toContain('provider.switched');
  });
});

describe('a call of a task', () => {
  const twoLanes = () => {
    const main = withBreaker(scripted('main'), 'default', silent);
    return { providers: [main, withBreaker(modelProvider, 'default', silent)] as const };
  };

  it('that nobody sees goes on at the next provider, though its stream had begun', async () => {
    says.main = [failing('provider_stream_cut', { ambiguous: true }, { kind: 'text', text: 'half' })];
    const run = (ctx: TaskContext) => ctx.step('aa', () => ctx.generate({ prompt: 'aa', stream: false }));
    const { id, attempt } = await jobOf(t, run, { lane: twoLanes() });
    expect(await attempt()).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ output: 'AA', attempt: 1, provider_calls: 2, ambiguous_calls: 1 });
  });

  it('that readers see goes on in a new attempt, which tells them to drop its beginning', async () => {
    says.main = [failing('provider_stream_cut', { ambiguous: true }, { kind: 'text', text: 'half' })];
    const { id, attempt, text } = await jobOf(t, (ctx) => ctx.generate({ prompt: 'bb' }), { lane: twoLanes() });
    expect(await attempt()).toMatchObject({ kind: 'retry', delayMs: 0 });
    expect(await attempt()).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ output: 'BB', attempt: 2, provider_calls: 2 });
    expect(await text()).toBe('BB');
    expect(await dataOf(t, id, 'attempt.started')).toContainEqual({ attempt: 2, resumed: false });
  });
});

describe('where nobody can be called', () => {
  /** A lane whose breakers stay open for a tenth of a second. */
  function shortly(...names: ('main' | 'spare')[]): Lane['providers'] {
    const breaker = () => new Breaker({ now: () => performance.now(), openMs: 100, onChange: () => undefined });
    return names.map((name) => ({
      provider: scripted(name),
      model: null,
      breaker: breaker(),
    })) as unknown as Lane['providers'];
  }

  it('a call waits until the first breaker lets it through, and readers are told once', async () => {
    const { id, main, spare, attempt } = await jobOn();
    main.breaker.shut(60_000, why);
    spare.breaker.shut(200, { ...why, provider: 'spare' });
    expect(await attempt()).toEqual(completed);
    expect(asked()).toEqual(['spare']);
    expect(await t.job(id)).toMatchObject({ attempt: 1, provider_calls: 1 });
    expect(await dataOf(t, id, 'call.delayed')).toEqual([
      { call: '', error: expect.objectContaining({ tried: [why, { ...why, provider: 'spare' }] }) },
    ]);
  });

  it.each([[['main']], [['main', 'spare']]] as const)('trials at %j cost the job no attempt', async (names) => {
    const providers = shortly(...names);
    for (const { breaker, provider } of providers) breaker.shut(50, { ...why, provider: provider.name });
    says = { main: [down, down, down], spare: Array.from({ length: 100 }, () => down) };
    const { id, attempt } = await jobOn({ providers });
    expect(await attempt()).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ attempt: 1, provider_calls: calls.length, ambiguous_calls: 0 });
    expect(asked().filter((name) => name === 'main')).toHaveLength(4);
    expect(await dataOf(t, id, 'call.delayed')).toHaveLength(1);
    expect(await dataOf(t, id, 'attempt.started')).toEqual([{ attempt: 1, resumed: false }]);
  });

  it('a provider that is alone is asked by each job until five have failed; then they wait', async () => {
    const providers = shortly('main');
    says.main = Array.from({ length: 5 }, () => down);
    const jobs = await Promise.all(Array.from({ length: 7 }, () => jobOn({ providers })));
    for (const { attempt } of jobs.slice(0, 5)) expect((await attempt()).kind).toBe('retry');
    const waiting = jobs.slice(5).map(({ attempt }) => attempt());
    expect(calls).toHaveLength(5);
    expect(await Promise.all(waiting)).toEqual([completed, completed]);
  });

  it('a key that is refused fails each job at once, where nobody else can be asked', async () => {
    const providers = shortly('main');
    says.main = Array.from({ length: 7 }, () => failing('provider_unauthorized', { retryable: false, status: 401 }));
    for (let job = 0; job < 7; job += 1) {
      const { attempt } = await jobOn({ providers });
      expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'provider_unauthorized' } });
    }
  });

  it.each([
    ['cancelled', async (id: string) => void (await t.journal.cancel(id)), 'cancelled'],
    ['handed over when its worker stops', async () => t.deps.running.handOver(), 'deferred'],
  ] as const)('a job that waits can be %s', async (_, stop, kind) => {
    const { id, main, spare, attempt } = await jobOn();
    for (const { breaker } of [main, spare]) breaker.shut(60_000, why);
    const stopListening = await t.deps.running.listen(t.journal, t.feed);
    const outcome = attempt();
    await until('it waits', async () => (await t.types(id)).includes('call.delayed'));
    await stop(id);
    expect((await outcome).kind).toBe(kind);
    expect(calls).toEqual([]);
    await stopListening();
  });
});

describe('a response that runs in the background', () => {
  const named: ProviderEvent[] = [
    { kind: 'response', id: 'resp_1' },
    { kind: 'text', text: 'H', cursor: 3 },
  ];
  const responses = (input: JsonObject = { model: 'sim', input: 'x' }) => ({ task: 'responses', input });

  it('is resumed at its provider, whatever its breaker says', async () => {
    const { id, spare, attempt } = await jobOn({ background: true }, responses());
    says = { main: [down], spare: [failing('provider_stream_cut', {}, ...named)] };
    expect((await attempt()).kind).toBe('retry');
    spare.breaker.shut(60_000, { ...why, provider: 'spare' });
    expect(await attempt()).toEqual(completed);
    expect(asked()).toEqual(['main', 'spare', 'spare']);
    expect(calls[2]?.call.resume).toEqual({ responseId: 'resp_1', after: 3 });
    expect(await t.job(id)).toMatchObject({ provider_calls: 2, ambiguous_calls: 0 });
  });

  it('is ended there when its job is cancelled while it waits', async () => {
    const { id, lanes, attempt } = await jobOn({ background: true }, responses());
    says = { main: [down], spare: [failing('provider_stream_cut', {}, ...named)] };
    await attempt();
    expect(await t.journal.cancel(id)).toMatchObject({ kind: 'cancelled' });
    expect((await attempt()).kind).toBe('ended');
    await endLeftovers({ cell: t.cell, lanes, logger: silent });
    expect(ended).toEqual(['spare resp_1']);
  });

  it('is ended there when its job has failed too often', async () => {
    const { attempt } = await jobOn({ background: true }, responses());
    const cut = failing('provider_stream_cut', {}, ...named);
    says.main = [cut, failing('provider_stream_cut'), failing('provider_stream_cut')];
    for (const kind of ['retry', 'retry', 'failed']) expect((await attempt()).kind).toBe(kind);
    expect(ended).toEqual(['main resp_1']);
  });

  it('is ended there when its job would be tried again after its deadline', async () => {
    const { id, attempt } = await jobOn({ background: true }, { ...responses(), deadline_ms: 50_000 });
    says.main = [failing('provider_rate_limited', { status: 429, retryAfterMs: 60_000 }, ...named)];
    expect(await attempt()).toMatchObject({ kind: 'failed', error: { code: 'deadline_exceeded' } });
    expect(ended).toEqual(['main resp_1']);
    expect(await t.job(id)).toMatchObject({ status: 'failed', provider_calls: 1 });
  });

  it('is counted as ambiguous where its provider isn’t the lane’s any more', async () => {
    const { id, main, lanes, attempt } = await jobOn({ background: true }, responses());
    says = { main: [down], spare: [failing('provider_stream_cut', {}, ...named)] };
    await attempt();
    lanes.set('default', { providers: [main], background: true, idempotent: false, maxCalls: 6 });
    expect(await attempt()).toEqual(completed);
    expect(await t.job(id)).toMatchObject({ provider_calls: 3, ambiguous_calls: 1 });
  });
});
