import { describe, expect, it } from '@jest/globals';
import { estimateCall } from './estimate-call.ts';

const prices = { 'sim*': { input_usd_per_million: 1, output_usd_per_million: 10 } };
const chat = (more: object = {}) => ({ model: 'sim', messages: [{ role: 'user', content: 'Hello.' }], ...more });

describe('the estimate of a call', () => {
  it('counts two bytes of the body as a token, in any script', () => {
    const bytes = (content: string) =>
      Buffer.byteLength(JSON.stringify(chat({ messages: [{ role: 'user', content }] })));
    for (const content of ['Hello.', '日本語のテキスト', '👩‍👩‍👧‍👦'.repeat(20), 'a'.repeat(10_000)]) {
      const { input_tokens } = estimateCall(
        prices,
        'chat.completions',
        chat({ messages: [{ role: 'user', content }] }),
      );
      expect(input_tokens).toBe(Math.ceil(bytes(content) / 2));
    }
    const numbers = Array.from({ length: 2_000 }, (_, at) => at % 10);
    expect(estimateCall(prices, 'embeddings', { model: 'sim', input: numbers }).input_tokens).toBeGreaterThan(2_000);
  });

  it.each([
    ['what max_tokens allows', 'chat.completions', { max_tokens: 50 }, 50],
    ['max_completion_tokens before max_tokens', 'chat.completions', { max_tokens: 50, max_completion_tokens: 7 }, 7],
    ['each of n choices', 'chat.completions', { max_tokens: 50, n: 3 }, 150],
    ['what max_output_tokens allows', 'responses', { max_output_tokens: 9 }, 9],
    ['4,096 where nothing is said', 'responses', { max_output_tokens: null }, 4_096],
    ['no output of embeddings', 'embeddings', {}, 0],
  ] as const)('takes for output %s', (_, endpoint, more, tokens) => {
    expect(estimateCall(prices, endpoint, chat(more)).output_tokens).toBe(tokens);
  });

  it.each([
    ['chat.completions', { max_output_tokens: 1 }, 4_096],
    ['chat.completions', { max_output_tokens: 1, max_tokens: 50 }, 50],
    ['responses', { max_completion_tokens: 1, max_tokens: 1, n: 0.001 }, 4_096],
    ['responses', { max_output_tokens: 9, n: 5 }, 9],
  ] as const)('of %s does without members that the provider passes over: %j', (endpoint, more, tokens) => {
    expect(estimateCall(prices, endpoint, chat(more)).output_tokens).toBe(tokens);
  });

  it.each([
    [{ max_tokens: 9e14 }, 10_000_000],
    [{ max_tokens: 2 ** 53 }, 10_000_000],
    [{ max_tokens: 1e308, n: 1e308 }, 1_280_000_000],
    [{ max_tokens: 0.5 }, 1],
    [{ max_tokens: 50, n: 0.5 }, 50],
    [{ max_tokens: -1, n: -1 }, 4_096],
    [{ max_tokens: '5', n: '5' }, 4_096],
  ])('stays a whole number within bounds for any request of a task: %j', (more, tokens) => {
    expect(estimateCall(prices, 'chat.completions', chat(more)).output_tokens).toBe(tokens);
  });

  it.each([
    ['chat.completions', { max_tokens: 5, n: 2 }, 'max_tokens', 2],
    ['chat.completions', {}, 'max_completion_tokens', 1],
    ['responses', {}, 'max_output_tokens', 1],
    ['embeddings', {}, null, 1],
  ] as const)('of %s says by what its output is limited, or can be', (endpoint, more, output_limit, choices) => {
    expect(estimateCall(prices, endpoint, chat(more))).toMatchObject({ output_limit, choices });
  });

  it('costs what the price table says, or null', () => {
    const { usd, input_usd, input_tokens } = estimateCall(prices, 'chat.completions', chat({ max_tokens: 100 }));
    expect(usd).toBeCloseTo((input_tokens + 1_000) / 1e6, 12);
    expect(input_usd).toBeCloseTo(input_tokens / 1e6, 12);
    expect(estimateCall(prices, 'chat.completions', chat({ model: 'other' })).usd).toBeNull();
  });
});
