import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { type Simulator, startSimulator } from '../index.ts';

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0 });
  client = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: 'any', maxRetries: 0 });
});
afterAll(() => simulator.close());

const quick = 'ttft_ms=0&itl_ms=0';
const ask = (sim: string) => ({
  model: 'sim',
  messages: [{ role: 'user' as const, content: 'Hello?' }],
  metadata: { sim: `${quick}&${sim}` },
});

describe('chat completions', () => {
  it('streams a role, one token per chunk, a finish_reason and the usage', async () => {
    const stream = await client.chat.completions.create({
      ...ask('tokens=20&seed=7'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    const texts = chunks.flatMap((chunk) => chunk.choices[0]?.delta.content || []);
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: 'assistant', content: '' });
    expect(texts).toHaveLength(20);
    expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 20 } });
    expect(chunks).toHaveLength(1 + 20 + 1 + 1);
  });

  it('answers the same text whole as in a stream, for any prompt with the same seed', async () => {
    const whole = await client.chat.completions.create(ask('seed=7'));
    const other = { ...ask('seed=7'), messages: [{ role: 'user' as const, content: 'Something else' }] };
    const streamed = await client.chat.completions.stream(other).finalChatCompletion();
    expect(whole.choices[0]?.message.content?.length).toBeGreaterThan(100);
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
    expect(whole.choices[0]?.finish_reason).toBe('stop');
  });

  it('takes the prompt as the seed where there is no other', async () => {
    const text = async (content: string) => {
      const messages = [{ role: 'user' as const, content }];
      return (await client.chat.completions.create({ ...ask(''), messages })).choices[0]?.message.content;
    };
    expect(await text('one')).toBe(await text('one'));
    expect(await text('one')).not.toBe(await text('two'));
  });

  it.each(['max_tokens', 'max_completion_tokens'])('stops at %s with the finish_reason "length"', async (limit) => {
    const { choices, usage } = await client.chat.completions.create({ ...ask('tokens=50'), [limit]: 12 });
    expect(choices[0]?.finish_reason).toBe('length');
    expect(usage?.completion_tokens).toBe(12);
  });

  it('answers n choices with different texts', async () => {
    const { choices } = await client.chat.completions.create({ ...ask('tokens=20'), n: 3 });
    expect(new Set(choices.map(({ message }) => message.content)).size).toBe(3);
  });

  it('calls the tool in the instructions, and answers in text once it has its result', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } } };
    const tools = [{ type: 'function' as const, function: { name: 'forecast', parameters } }];
    const first = await client.chat.completions.stream({ ...ask('tool=forecast'), tools }).finalChatCompletion();
    const call = first.choices[0]?.message.tool_calls?.[0];
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    if (call?.type !== 'function') throw new Error('no function call');
    const given = { city: expect.any(String), days: expect.any(Number) };
    expect(JSON.parse(call.function.arguments)).toEqual(given);
    const messages = [{ role: 'tool' as const, tool_call_id: call.id, content: 'sunny' }];
    const second = await client.chat.completions.create({ ...ask('tool=forecast'), messages, tools });
    expect(second.choices[0]?.message.content).toEqual(expect.any(String));
  });

  it('answers JSON that has the properties of the schema that is asked for', async () => {
    const schema = { type: 'object', properties: { title: { type: 'string' }, tags: { type: 'array', items: {} } } };
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'note', schema } };
    const { choices } = await client.chat.completions.create({ ...ask('seed=1'), response_format });
    const answer = JSON.parse(choices[0]?.message.content ?? '');
    expect(answer).toEqual({ title: expect.any(String), tags: expect.any(Array) });
  });

  it('answers the first so many with JSON that does not fit, by instruction', async () => {
    const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
    const response_format = { type: 'json_schema' as const, json_schema: { name: 'note', schema } };
    const { metadata, ...rest } = ask('off_schema=2');
    const fits: boolean[] = [];
    for (let call = 0; call < 3; call += 1) {
      const asked = { ...rest, metadata: { ...metadata, case: 'off_schema' }, response_format };
      const { choices } = await client.chat.completions.create(asked);
      fits.push('title' in JSON.parse(choices[0]?.message.content ?? ''));
    }
    expect(fits).toEqual([false, false, true]);
  });

  it('refuses with message.refusal, and filters with the finish_reason content_filter', async () => {
    const refused = await client.chat.completions.stream(ask('refuse=1')).finalChatCompletion();
    expect(refused.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: null } });
    expect(refused.choices[0]?.message.refusal).toContain('sorry');
    const filtered = await client.chat.completions.create(ask('filter=1&tokens=20'));
    expect(filtered.choices[0]?.finish_reason).toBe('content_filter');
    expect(filtered.usage?.completion_tokens).toBe(10);
  });

  it.each([
    [{ messages: [] }, 'messages'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ stream: 'yes' }, 'stream'],
    [{ model: '' }, 'model'],
  ])('refuses %j with 400 and names %s', async (wrong, param) => {
    const body = { ...ask(''), ...wrong };
    await expect(client.post('/chat/completions', { body })).rejects.toMatchObject({ status: 400, param });
  });
});
