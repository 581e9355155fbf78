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

const metadata = { sim: 'clock=1&tokens=8&ttft_ms=20&itl_ms=10', case: 'clock' };
const now = () => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/** The times in a text; each must be after the one before, and all between `from` and now. */
function expectTimes(text: string, from: number): void {
  expect(text).toMatch(/^(\d+\.\d{3} ){8}$/);
  const times = text.trim().split(' ').map(Number);
  const [first = 0, last = 0] = [times.at(0), times.at(-1)];
  // Tokens are due at 20, 30, … 90 ms: they may be late, and never early.
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(first).toBeGreaterThanOrEqual(from + 20);
  expect(last).toBeGreaterThanOrEqual(from + 90);
  expect(last).toBeLessThanOrEqual(now());
}

describe('a clock', () => {
  it('is what a chat completion’s tokens contain, when instructed', async () => {
    const from = now();
    const messages = [{ role: 'user' as const, content: 'What time is it?' }];
    const stream = client.chat.completions.stream({ model: 'sim', messages, metadata });
    let text = '';
    for await (const { choices } of stream) {
      const content = choices[0]?.delta.content;
      if (content) expect(now() - Number(content)).toBeLessThan(60_000);
      text += content ?? '';
    }
    expectTimes(text, from);
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(text);
  });

  it('is what a Response’s tokens contain, and its body says the same', async () => {
    const from = now();
    const stream = client.responses.stream({ model: 'sim', input: 'What time is it?', metadata });
    let text = '';
    for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta;
    expectTimes(text, from);
    expect((await stream.finalResponse()).output_text).toBe(text);
    const id = (await stream.finalResponse()).id;
    expect((await client.responses.retrieve(id)).output_text).toBe(text);
  });
});
