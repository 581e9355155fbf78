import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { until } from '../../../core/testing/until.ts';
import { type Simulator, startSimulator } from '../index.ts';

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0 });
  client = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: 'any', maxRetries: 0 });
});
afterAll(() => simulator.close());

const ask = (sim: string, caseName = '') => ({
  model: 'sim',
  input: 'Hello?',
  metadata: { sim: `ttft_ms=0&${sim}`, case: caseName },
});
const counts = async (name: string) => (await fetch(`${simulator.url}/sim/calls?case=${name}`)).json();

/** What was received, whether or not the stream broke. */
async function collect(stream: AsyncIterable<ResponseStreamEvent>, count = Number.POSITIVE_INFINITY) {
  const events: ResponseStreamEvent[] = [];
  try {
    for await (const event of stream) if (events.push(event) >= count) break;
  } catch (error) {
    return { events, error };
  }
  return { events, error: null };
}

async function untilEnded(id: string): Promise<Response> {
  return until(`${id} has ended`, async () => {
    const response = await client.responses.retrieve(id);
    return response.status !== 'queued' && response.status !== 'in_progress' ? response : null;
  });
}

const typesOf = (events: readonly ResponseStreamEvent[]) =>
  events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);

const textItem = ['response.output_item.added', 'response.content_part.added', 'response.output_text.delta'];
const textEnd = ['response.output_text.done', 'response.content_part.done', 'response.output_item.done'];

describe('responses', () => {
  it('streams the events in their order, numbered from 0 without a gap', async () => {
    const { events } = await collect(await client.responses.create({ ...ask('itl_ms=0&tokens=20'), stream: true }));
    const begin = ['response.created', 'response.in_progress'];
    expect(typesOf(events)).toEqual([...begin, ...textItem, ...textEnd, 'response.completed']);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    expect(events.filter(({ type }) => type === 'response.output_text.delta')).toHaveLength(20);
  });

  it('answers whole with the text and usage of the stream, and can be retrieved', async () => {
    const whole = await client.responses.create(ask('itl_ms=0&seed=7'));
    const streamed = await client.responses.stream(ask('itl_ms=0&seed=7')).finalResponse();
    expect(whole).toMatchObject({ object: 'response', status: 'completed', background: false, error: null });
    expect(whole.output_text.length).toBeGreaterThan(100);
    expect(streamed.output_text).toBe(whole.output_text);
    expect(streamed.usage).toEqual(whole.usage);
    expect(await client.responses.retrieve(whole.id)).toEqual(whole);
  });

  it('stores nothing with store: false, and removes what is deleted', async () => {
    const unstored = await client.responses.create({ ...ask('itl_ms=0'), store: false });
    await expect(client.responses.retrieve(unstored.id)).rejects.toMatchObject({ status: 404 });
    const stored = await client.responses.create(ask('itl_ms=0'));
    await client.responses.delete(stored.id);
    await expect(client.responses.retrieve(stored.id)).rejects.toMatchObject({ status: 404 });
  });

  it('answers a background response at once as queued, and completes it', async () => {
    const queued = await client.responses.create({ ...ask('itl_ms=2&tokens=10', 'queued'), background: true });
    expect(queued).toMatchObject({ status: 'queued', background: true, output: [], usage: null });
    const done = await untilEnded(queued.id);
    expect(done).toMatchObject({ status: 'completed', usage: { output_tokens: 10 } });
    expect(await counts('queued')).toMatchObject({ calls: 1, completed: 1, aborted: 0, tokens: 10 });
  });

  it('continues in the background when the client leaves, and gives exactly the missing events', async () => {
    const stream = await client.responses.create({
      ...ask('itl_ms=5&tokens=30', 'left'),
      background: true,
      stream: true,
    });
    const { events: before } = await collect(stream, 12);
    const first = before[0];
    if (first?.type !== 'response.created') throw new Error('not created first');
    const options = { stream: true as const, starting_after: before.at(-1)?.sequence_number ?? 0 };
    const { events: after } = await collect(await client.responses.retrieve(first.response.id, options));
    const { events: all } = await collect(await client.responses.retrieve(first.response.id, { stream: true }));
    expect(after.length).toBeGreaterThan(20);
    expect([...before, ...after]).toEqual(all);
    expect(typesOf(all).slice(0, 3)).toEqual(['response.created', 'response.queued', 'response.in_progress']);
    expect(await counts('left')).toMatchObject({ calls: 1, completed: 1, aborted: 0, tokens: 30 });
  });

  it('cuts the connection of a background response, not the response', async () => {
    const instructions = ask('itl_ms=2&tokens=30&cut_after=8&resume_fail=500,cut', 'resumed');
    const cut = await collect(await client.responses.create({ ...instructions, background: true, stream: true }));
    const first = cut.events[0];
    if (first?.type !== 'response.created') throw new Error('not created first');
    expect(String(cut.error)).toContain('terminated');
    expect(cut.events.filter(({ type }) => type === 'response.output_text.delta')).toHaveLength(8);
    const resume = (last?: ResponseStreamEvent) =>
      client.responses.retrieve(first.response.id, { stream: true, starting_after: last?.sequence_number ?? 0 });
    await expect(resume()).rejects.toMatchObject({ status: 500 });
    const again = await collect(await resume(cut.events.at(-1)));
    expect(String(again.error)).toContain('terminated');
    const rest = await collect(await resume(again.events.at(-1)));
    const all = [...cut.events, ...again.events, ...rest.events];
    expect(all.map((event) => event.sequence_number)).toEqual(all.map((_, index) => index));
    expect(all.at(-1)?.type).toBe('response.completed');
    expect(await counts('resumed')).toMatchObject({ calls: 1, completed: 1, aborted: 0, tokens: 30 });
  });

  it('works with the SDK’s helper, for a new response and for one that is resumed', async () => {
    const runner = client.responses.stream({ ...ask('itl_ms=1&tokens=20'), background: true });
    const response = await runner.finalResponse();
    const replay = client.responses.stream({ response_id: response.id, starting_after: 10 });
    expect((await replay.finalResponse()).output_text).toBe(response.output_text);
  });

  it('cancels a background response once, and answers the same again', async () => {
    const created = client.responses.create({
      ...ask('itl_ms=20&tokens=500', 'cancelled'),
      background: true,
      stream: true,
    });
    const stream = (await created)[Symbol.asyncIterator]();
    const { value: first } = await stream.next();
    if (first?.type !== 'response.created') throw new Error('not created first');
    const cancelled = await client.responses.cancel(first.response.id);
    expect(cancelled.status).toBe('cancelled');
    expect(await client.responses.cancel(first.response.id)).toEqual(cancelled);
    const rest = await collect({ [Symbol.asyncIterator]: () => stream });
    expect(rest.events.at(-1)).toMatchObject({ type: 'response.incomplete', response: { status: 'cancelled' } });
    expect(await counts('cancelled')).toMatchObject({ calls: 1, completed: 0, aborted: 1 });
  });

  it('lets the helper end on a cancelled response', async () => {
    const runner = client.responses.stream({ ...ask('itl_ms=20&tokens=500'), background: true });
    runner.on('response.created', ({ response }) => void client.responses.cancel(response.id));
    expect((await runner.finalResponse()).status).toBe('cancelled');
  });

  it('refuses to cancel or to stream again what doesn’t run in the background', async () => {
    const { id } = await client.responses.create(ask('itl_ms=0'));
    await expect(client.responses.cancel(id)).rejects.toMatchObject({ status: 400 });
    await expect(client.responses.retrieve(id, { stream: true })).rejects.toMatchObject({ status: 400 });
    await expect(client.responses.cancel('resp_none')).rejects.toMatchObject({ status: 404 });
  });

  it('aborts a response that isn’t in the background when its client goes away', async () => {
    const stream = await client.responses.create({ ...ask('itl_ms=10&tokens=500', 'aborted'), stream: true });
    await collect(stream, 8);
    await until('it is aborted', async () => (await counts('aborted')).aborted === 1);
    const count = await counts('aborted');
    expect(count).toMatchObject({ calls: 1, completed: 0, aborted: 1 });
    expect(count.tokens).toBeLessThan(500);
  });

  it('is incomplete at max_output_tokens and when it is filtered', async () => {
    const short = await client.responses.stream({ ...ask('itl_ms=0'), max_output_tokens: 5 }).finalResponse();
    expect(short).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
    const filtered = await client.responses.create(ask('itl_ms=0&filter=1'));
    expect(filtered).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } });
  });

  it('fails with the code in the instructions', async () => {
    const failed = await client.responses.stream(ask('itl_ms=0&failed=rate_limit_exceeded')).finalResponse();
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'rate_limit_exceeded' } });
    expect(await client.responses.retrieve(failed.id)).toMatchObject({ status: 'failed' });
  });

  it('refuses in a refusal part', async () => {
    const { output } = await client.responses.stream(ask('itl_ms=0&refuse=1')).finalResponse();
    expect(output[0]).toMatchObject({
      type: 'message',
      content: [{ type: 'refusal', refusal: expect.stringContaining('sorry') }],
    });
  });

  it('calls the tool in the instructions', async () => {
    const parameters = { type: 'object', properties: { city: { enum: ['Oslo'] } } };
    const tools = [{ type: 'function' as const, name: 'forecast', parameters, strict: true }];
    const { output } = await client.responses.stream({ ...ask('itl_ms=0&tool=forecast'), tools }).finalResponse();
    expect(output[0]).toMatchObject({ type: 'function_call', name: 'forecast', arguments: '{"city":"Oslo"}' });
  });
});
