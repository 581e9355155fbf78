/**
 * A paid call is resumed instead of made again: the provider adapter against the simulator, which counts
 * what is really called. Behavior of providers other than the simulator is tried beside the adapter, in
 * packages/providers.
 */
import {
  AttemptError,
  isJsonObject,
  type JsonObject,
  outputTextOf,
  type ProviderCall,
  type ProviderEvent,
} from '@holdfast/core';
import { createOpenAiProvider } from '@holdfast/providers';
import { type Simulator, startSimulator } from '@holdfast/simulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

let simulator: Simulator;
let cases = 0;
beforeAll(async () => {
  simulator = await startSimulator({ port: 0 });
});
afterAll(() => simulator.close());

/** Short only in a test of silence: on a busy machine any event may take its time. */
let idleTimeoutMs = 60_000;
afterEach(() => {
  idleTimeoutMs = 60_000;
});

const provider = () =>
  createOpenAiProvider({
    name: 'sim',
    baseUrl: `${simulator.url}/v1`,
    apiKey: 'key',
    firstByteTimeoutMs: 60_000,
    idleTimeoutMs,
  });

const newCase = () => `resume-${++cases}`;
const bodyOf = (caseName: string, orders = '', itlMs = 1): JsonObject => ({
  model: 'sim',
  input: 'Tell me a story.',
  metadata: { case: caseName, sim: `tokens=12&ttft_ms=0&itl_ms=${itlMs}&seed=7&${orders}` },
});

interface CallEnd {
  events: ProviderEvent[];
  /** What the call threw; null where it ended with its result. */
  error: unknown;
}

const aborted = new Error('the worker went away');

/** Calls, and aborts once `stopAfter` events have come. */
async function call(call: Omit<ProviderCall, 'endpoint' | 'signal'>, stopAfter?: number): Promise<CallEnd> {
  const controller = new AbortController();
  const events: ProviderEvent[] = [];
  try {
    for await (const event of provider().call({ endpoint: 'responses', signal: controller.signal, ...call })) {
      if (events.push(event) === stopAfter) controller.abort(aborted);
    }
    return { events, error: null };
  } catch (error) {
    return { events, error };
  }
}

const resume = (responseId: string, after: number, stopAfter?: number) =>
  call({ body: {}, resume: { responseId, after } }, stopAfter);

function idIn(events: ProviderEvent[]): string {
  const [first] = events;
  if (first?.kind !== 'response') throw new Error('the id did not come first');
  return first.id;
}

function lastCursor(events: ProviderEvent[]): number {
  return events.reduce((last, event) => ('cursor' in event ? (event.cursor ?? last) : last), -1);
}

function textOf(events: ProviderEvent[]): string {
  return events.map((event) => (event.kind === 'text' ? event.text : '')).join('');
}

function resultOf({ events, error }: CallEnd) {
  const last = events.at(-1);
  if (last?.kind !== 'result') throw new Error('the call has no result', { cause: error });
  return last;
}

/** The events as the provider sent them: see packages/providers/src/answer/response-events.ts. */
function rebuild(events: ProviderEvent[]): JsonObject[] {
  let frame: JsonObject = {};
  return events.flatMap((event) => {
    if (event.kind === 'response' || event.kind === 'result') return [];
    if (event.kind === 'text' && !event.event) {
      return [{ ...frame, delta: event.text, sequence_number: event.cursor ?? null }];
    }
    const whole = event.event ?? {};
    const { delta: _, sequence_number: __, ...rest } = whole;
    if (event.kind === 'text') frame = rest;
    if (whole.type === 'response.content_part.added') {
      const { item_id = null, output_index = null, content_index = null } = whole;
      frame = { type: 'response.output_text.delta', item_id, output_index, content_index, logprobs: [] };
    }
    return [whole];
  });
}

/** What the simulator sends of a response from its beginning, read without the adapter. */
async function eventsOf(id: string): Promise<JsonObject[]> {
  const answer = await fetch(`${simulator.url}/v1/responses/${id}?stream=true`);
  const lines = (await answer.text()).split('\n').filter((line) => line.startsWith('data: {'));
  return lines.map((line) => JSON.parse(line.slice('data: '.length)) as JsonObject);
}

async function countsOf(caseName: string) {
  const answer = await fetch(`${simulator.url}/sim/calls?case=${caseName}`);
  return (await answer.json()) as { calls: number; completed: number; aborted: number };
}

async function untilCounted(caseName: string, what: 'calls' | 'completed'): Promise<void> {
  const deadline = Date.now() + 3000;
  while ((await countsOf(caseName))[what] === 0) {
    if (Date.now() > deadline) throw new Error(`${caseName} has no ${what}`);
  }
}

/** created, queued, in_progress, item, part, 12 deltas, three ends, completed; and the id before them. */
const eventCount = 1 + 5 + 12 + 3 + 1;

describe('a stream in the background', () => {
  it('tells its id first and its result last, and is counted as one call', async () => {
    const caseName = newCase();
    const whole = await call({ body: bodyOf(caseName), background: true });
    expect(whole.events).toHaveLength(eventCount + 1);
    expect(rebuild(whole.events)).toEqual(await eventsOf(idIn(whole.events)));
    expect(outputTextOf(resultOf(whole).output)).toBe(textOf(whole.events));
    expect(await countsOf(caseName)).toMatchObject({ calls: 1, completed: 1 });
  });

  it.each(Array.from({ length: eventCount }, (_, index) => index + 1))(
    'that is left after event %i and resumed is the unbroken one',
    async (stopAfter) => {
      const caseName = newCase();
      const before = await call({ body: bodyOf(caseName), background: true }, stopAfter);
      expect(before.error).toBe(aborted);
      expect(before.events).toHaveLength(stopAfter);
      const id = idIn(before.events);
      const after = await resume(id, lastCursor(before.events));
      const whole = await eventsOf(id);
      expect(rebuild([...before.events, ...after.events])).toEqual(whole);
      expect(whole).toHaveLength(eventCount - 1);
      expect(resultOf(after).output).toEqual(whole.at(-1)?.response);
      expect(await countsOf(caseName)).toMatchObject({ calls: 1, completed: 1, aborted: 0 });
    },
  );

  it('is put together from as many pieces as it has events', async () => {
    const caseName = newCase();
    let last = await call({ body: bodyOf(caseName), background: true }, 1);
    const id = idIn(last.events);
    const events = [...last.events];
    for (let piece = 0; last.events.at(-1)?.kind !== 'result' && piece < 2 * eventCount; piece += 1) {
      last = await resume(id, lastCursor(events), 1);
      events.push(...last.events);
    }
    expect(rebuild(events)).toEqual(await eventsOf(id));
    expect(events.filter(({ kind }) => kind === 'response')).toHaveLength(1);
    expect(await countsOf(caseName)).toMatchObject({ calls: 1, completed: 1 });
  });

  it('survives cuts, errors and silence of every kind that leave the response alone', async () => {
    idleTimeoutMs = 1_500;
    const caseName = newCase();
    const faults = 'cut_after=3&stall_after=4&resume_fail=500,cut,429,502,stall,reset,html,503';
    const first = await call({ body: bodyOf(caseName, faults), background: true });
    expect(first.error).toMatchObject({ code: 'provider_stream_cut', retryable: true, ambiguous: false });
    const events = [...first.events];
    let { error } = first;
    let tries = 0;
    for (; error && tries < 20; tries += 1) {
      expect(error).toMatchObject({ retryable: true, ambiguous: false });
      const again = await resume(idIn(events), lastCursor(events));
      events.push(...again.events);
      error = again.error;
    }
    expect(tries).toBe(9);
    expect(events.at(-1)?.kind).toBe('result');
    expect(rebuild(events)).toEqual(await eventsOf(idIn(events)));
    expect(await countsOf(caseName)).toMatchObject({ calls: 1, completed: 1 });
  });

  it.each(['failed=server_error', 'error_event=1'])('with %s is over, and may have been paid for', async (orders) => {
    const { events, error } = await call({ body: bodyOf(newCase(), orders), background: true });
    expect(error).toMatchObject({ code: 'provider_unavailable', retryable: true, ambiguous: true });
    const again = await resume(idIn(events), lastCursor(events));
    expect(again.error).toMatchObject({ code: 'provider_unavailable', retryable: true, ambiguous: true });
  });
});

describe('a finished response', () => {
  it.each<[string, number]>([
    ['whole', -1],
    ['from its middle', 9],
    ['for its result alone', eventCount - 2],
  ])('is resumed %s', async (_, after) => {
    const caseName = newCase();
    const { events } = await call({ body: bodyOf(caseName), background: true }, 1);
    await untilCounted(caseName, 'completed');
    const id = idIn(events);
    const again = await resume(id, after);
    expect(rebuild(again.events)).toEqual((await eventsOf(id)).slice(after + 1));
    expect(resultOf(again).output).toMatchObject({ id, status: 'completed' });
    expect(await countsOf(caseName)).toMatchObject({ calls: 1 });
  });

  it('that cannot be streamed again gives its result alone', async () => {
    const plain = resultOf(await call({ body: bodyOf(newCase()) })).output;
    const id = isJsonObject(plain) ? String(plain.id) : '';
    const again = await resume(id, 3);
    expect(again.events).toHaveLength(1);
    expect(resultOf(again).output).toEqual(plain);
  });

  it('that was deleted is gone, and so is one that never was', async () => {
    const { events } = await call({ body: bodyOf(newCase()), background: true });
    const id = idIn(events);
    await fetch(`${simulator.url}/v1/responses/${id}`, { method: 'DELETE' });
    for (const lost of [id, 'resp_never']) {
      const { error } = await resume(lost, 3);
      expect(error).toBeInstanceOf(AttemptError);
      expect(error).toMatchObject({ code: 'provider_response_gone', retryable: true, ambiguous: true });
    }
  });
});

describe('cancelling a response', () => {
  it('ends it at the provider, for its reader and in the counts, and can be repeated', async () => {
    const caseName = newCase();
    const { events } = await call({ body: bodyOf(caseName, '', 2000), background: true }, 6);
    const id = idIn(events);
    expect(await countsOf(caseName)).toMatchObject({ calls: 1, completed: 0, aborted: 0 });
    await provider().cancelResponse?.(id);
    await provider().cancelResponse?.(id);
    expect(await countsOf(caseName)).toMatchObject({ calls: 1, completed: 0, aborted: 1 });
    const { error } = await resume(id, lastCursor(events));
    expect(error).toMatchObject({ code: 'provider_refused', retryable: false, ambiguous: true });
  });

  it('is nothing to a response that is finished, not in the background or unknown', async () => {
    const caseName = newCase();
    const finished = idIn((await call({ body: bodyOf(caseName), background: true })).events);
    const { output } = resultOf(await call({ body: bodyOf(caseName) }));
    for (const id of [finished, isJsonObject(output) ? String(output.id) : '', 'resp_never']) {
      await expect(provider().cancelResponse?.(id)).resolves.toBeUndefined();
    }
    expect(await countsOf(caseName)).toMatchObject({ calls: 2, completed: 2, aborted: 0 });
  });
});

describe('an idempotency key that the provider honors', () => {
  it.each([false, true])('is one call, and one text, for two (background: %s)', async (background) => {
    const caseName = newCase();
    const one = { body: bodyOf(caseName, 'idempotent=1'), background, idempotencyKey: caseName };
    const first = await call(one);
    const second = await call(one);
    expect(second).toEqual(first);
    expect(textOf(first.events).length).toBeGreaterThan(10);
    expect(await countsOf(caseName)).toMatchObject({ calls: 1, completed: 1 });
    await call({ ...one, idempotencyKey: `${caseName}-other` });
    expect(await countsOf(caseName)).toMatchObject({ calls: 2 });
  });

  it('saves a call that was left before anybody knew its id', async () => {
    const caseName = newCase();
    // The call is at work at once; its first event would come after 250 ms.
    const orders = 'idempotent=1&stall_after=0&stall_ms=250';
    const one = { body: bodyOf(caseName, orders), background: true, idempotencyKey: caseName };
    const controller = new AbortController();
    const first = provider().call({ endpoint: 'responses', ...one, signal: controller.signal });
    const next = first[Symbol.asyncIterator]().next();
    const left = next.catch((error: unknown) => error);
    await untilCounted(caseName, 'calls');
    controller.abort(aborted);
    expect(await left).toBe(aborted);
    const second = await call(one);
    expect(resultOf(second).output).toMatchObject({ id: idIn(second.events), status: 'completed' });
    expect(await countsOf(caseName)).toMatchObject({ calls: 1, completed: 1, aborted: 0 });
  });
});
