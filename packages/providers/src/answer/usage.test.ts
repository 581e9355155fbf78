import type { JsonObject } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { readUsage, usageIn } from './usage.ts';

describe('readUsage', () => {
  it('reads the names of every endpoint', () => {
    expect(readUsage({ input_tokens: 1, output_tokens: 2, total_tokens: 3 })).toEqual({
      input_tokens: 1,
      output_tokens: 2,
    });
    expect(readUsage({ prompt_tokens: 1, completion_tokens: 2 })).toEqual({ input_tokens: 1, output_tokens: 2 });
    expect(readUsage({ prompt_tokens: 8, total_tokens: 8 })).toEqual({ input_tokens: 8, output_tokens: 0 });
  });

  it('reads counts that are text, or not whole', () => {
    expect(readUsage({ prompt_tokens: '10', completion_tokens: 2.5 })).toEqual({ input_tokens: 10, output_tokens: 3 });
  });

  it('takes for output what is in the total only', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 530 };
    expect(readUsage(usage)).toEqual({ input_tokens: 10, output_tokens: 520 });
  });

  it.each([
    [undefined],
    [null],
    ['12'],
    [{}],
    [{ prompt_tokens: -1 }],
    [{ input_tokens: Number.POSITIVE_INFINITY, output_tokens: 1 }],
  ])('is null for %j', (usage) => {
    expect(readUsage(usage)).toBeNull();
  });
});

describe('usageIn', () => {
  const usage = { prompt_tokens: 1, completion_tokens: 2 };

  it.each<[string, JsonObject]>([
    ['the answer', { usage }],
    ['x_groq', { usage: null, x_groq: { usage } }],
    ['a choice', { choices: [{ usage }] }],
    ['what Gemini calls it', { usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 } }],
  ])('finds it in %s', (_, answer) => {
    expect(usageIn(answer)).toEqual({ input_tokens: 1, output_tokens: 2 });
  });

  it('is null where nobody has counted', () => {
    expect(usageIn({ choices: [null], x_groq: 'no' })).toBeNull();
  });
});
