import { AttemptError, type JsonObject, type Provider, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import type { TaskContext } from '@holdfast/tasks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Lane, withBreaker } from './lane-providers.ts';
import type { WorkerParts } from './run-attempt.ts';
import { dataOf, jobOf, modelProvider } from './test-tasks.ts';
import { openTestWorker, silent, type TestWorker } from './test-worker.ts';

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
  const lane: Lane = { providers: [main, spare], background: false, idempotent: false, ...change };
  const lanes = new Map([['default', lane]]);
  const id = await t.accept('x', request);
  return {
    id,
    main,
    spare,
    lanes,
    attempt: (parts: Partial<WorkerParts> = {}) => t.run(id, { parts: { ...parts, lanes } }),
  };
}

const asked = () => calls.map(({ provider }) => provider);
const keys = () => calls.map(({ call }) => call.idempotencyKey);
const why = { provider: 'main', code: 'provider_unavailable', status: 503 };

describe('a call that its provider has failed', () => {
  it('goes to the next one, with its model and a key of its own, and counts as another call', async () => {
    const { id, attempt } = await jobOn({ idempotent: true });
    says.main = [down];
    expect(await attempt()).toEqual({ kind: 'completed' });
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
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(asked()).toEqual(['main', 'main']);
    expect(new Set(keys()).size).toBe(1);
    expect(await t.job(id)).toMatchObject({ ambiguous_calls: 0 });
  });

  it.each([
    ['is given up for another, and counted, once its provider is known to be ill', {}, ['main', 'spare'], 1],
    ['waits for its provider, where it may not be paid twice', { on_ambiguous: 'fail' }, ['main', 'main'], 0],
  ])('under a key %s', async (_, request, providers, ambiguous_calls) => {
    const { id, main, attempt } = await jobOn({ idempotent: true }, request);
    says.main = [lost];
    await attempt();
    main.breaker.shut(60_000, why);
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(asked()).toEqual(providers);
    expect(new Set(keys()).size).toBe(new Set(providers).size);
    expect(await t.job(id)).toMatchObject({ status: 'completed', ambiguous_calls });
  });

  it('that readers have something of hands over to each other one at once; then all are waited for', async () => {
    const { id, attempt } = await jobOn();
    const midway = failing('provider_stalled', { ambiguous: true }, { kind: 'event', event: { type: 'begun' } });
    says = { main: [midway], spare: [midway] };
    const parts = { random: () => 0.5 };
    expect(await attempt(parts)).toMatchObject({ kind: 'retry', next: { delayMs: 0 } });
    const second = await attempt(parts);
    expect(second).toMatchObject({ kind: 'retry', next: { delayMs: 500 } });
    const tried = ['main', 'spare'].map((provider) => ({ provider, code: 'provider_stalled' }));
    expect(second).toMatchObject({ error: { tried } });
    expect(await attempt(parts)).toEqual({ kind: 'completed' });
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
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(await t.job(id)).toMatchObject({ output: 'AA', attempt: 1, provider_calls: 2, ambiguous_calls: 1 });
  });

  it('that readers see goes on in a new attempt, which tells them to drop its beginning', async () => {
    says.main = [failing('provider_stream_cut', { ambiguous: true }, { kind: 'text', text: 'half' })];
    const { id, attempt, text } = await jobOf(t, (ctx) => ctx.generate({ prompt: 'bb' }), { lane: twoLanes() });
    expect(await attempt()).toMatchObject({ kind: 'retry', next: { delayMs: 0 } });
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(await t.job(id)).toMatchObject({ output: 'BB', attempt: 2, provider_calls: 2 });
    expect(await text()).toBe('BB');
    expect(await dataOf(t, id, 'attempt.started')).toContainEqual({ attempt: 2, resumed: false });
  });
});

describe('where nobody can be called', () => {
  it('a job is tried again when the first breaker lets a call through', async () => {
    const { main, spare, attempt } = await jobOn();
    main.breaker.shut(60_000, why);
    spare.breaker.shut(20_000, { ...why, provider: 'spare' });
    const outcome = await attempt();
    expect(outcome).toMatchObject({ kind: 'retry', error: { code: 'provider_unavailable', retryable: true } });
    expect(outcome).toMatchObject({ error: { tried: [why, { ...why, provider: 'spare' }] } });
    const { delayMs } = outcome.kind === 'retry' ? outcome.next : { delayMs: 0 };
    expect(delayMs).toBeGreaterThan(15_000);
    expect(delayMs).toBeLessThanOrEqual(20_000);
    expect(calls).toEqual([]);
  });

  it('a lane with one provider asks it all the same: it has nobody else', async () => {
    const { lanes, attempt } = await jobOn({ providers: [withBreaker(scripted('main'), 'default', silent)] });
    lanes.get('default')?.providers[0].breaker.shut(60_000, why);
    says.main = Array.from({ length: 2 }, () => down);
    expect((await attempt()).kind).toBe('retry');
    expect((await attempt()).kind).toBe('retry');
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(asked()).toEqual(['main', 'main', 'main']);
  });
});

describe('a response that runs in the background', () => {
  const named: ProviderEvent[] = [
    { kind: 'response', id: 'resp_1' },
    { kind: 'text', text: 'H', cursor: 3 },
  ];
  const responses = (input: JsonObject = { model: 'sim', input: 'x' }) => ({ task: 'responses', input });

  it('is taken up at its provider, whatever its breaker says', async () => {
    const { id, spare, attempt } = await jobOn({ background: true }, responses());
    says = { main: [down], spare: [failing('provider_stream_cut', {}, ...named)] };
    expect((await attempt()).kind).toBe('retry');
    spare.breaker.shut(60_000, { ...why, provider: 'spare' });
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(asked()).toEqual(['main', 'spare', 'spare']);
    expect(calls[2]?.call.resume).toEqual({ responseId: 'resp_1', after: 3 });
    expect(await t.job(id)).toMatchObject({ provider_calls: 2, ambiguous_calls: 0 });
  });

  it('is ended there when its job is cancelled while it waits', async () => {
    const { id, attempt } = await jobOn({ background: true }, responses());
    says = { main: [down], spare: [failing('provider_stream_cut', {}, ...named)] };
    await attempt();
    await t.journal.cancel(id);
    await attempt();
    expect(ended).toEqual(['spare resp_1']);
  });

  it('is counted as ambiguous where its provider isn’t the lane’s any more', async () => {
    const { id, main, lanes, attempt } = await jobOn({ background: true }, responses());
    says = { main: [down], spare: [failing('provider_stream_cut', {}, ...named)] };
    await attempt();
    lanes.set('default', { providers: [main], background: true, idempotent: false });
    expect(await attempt()).toEqual({ kind: 'completed' });
    expect(await t.job(id)).toMatchObject({ provider_calls: 3, ambiguous_calls: 1 });
  });
});
