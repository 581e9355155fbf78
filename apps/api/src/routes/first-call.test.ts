import { estimateCall } from '@holdfast/gate';
import { estimateFirstCall } from '@holdfast/jobs';
import { defineTask } from '@holdfast/tasks';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { startTestApi, type TestApi } from '../../testing/api.ts';

const prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 100 } };
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ prices });
});
afterAll(() => api.end());

const chat = (change = {}) => ({
  model: 'sim',
  messages: [{ role: 'user', content: 'Hello.' }],
  max_tokens: 100,
  ...change,
});

describe('what a first call may cost', () => {
  it('goes by the body that is passed through', () => {
    const { model, estimate } = estimateFirstCall(api.deps, 'chat.completions', chat());
    expect(model).toBe('sim');
    expect(estimate).toEqual(estimateCall(prices, 'chat.completions', chat()));
    expect(estimate?.usd).toBeCloseTo(0.01, 4);
  });

  it('is not known where its model has no price', () => {
    const { model, estimate } = estimateFirstCall(api.deps, 'chat.completions', chat({ model: 'other' }));
    expect([model, estimate?.usd]).toEqual(['other', null]);
  });

  it('goes by the model of a task and its input, however many calls it will make', () => {
    const summarize = (text: string) => estimateFirstCall(api.deps, 'summarize', { text });
    const [short, long] = [summarize('x'), summarize('x'.repeat(10_000))];
    expect(short.model).toEqual(expect.any(String));
    expect(long.estimate?.input_tokens).toBeGreaterThan((short.estimate?.input_tokens ?? 0) + 4_000);
  });

  it('is null where this process does not know the task', () => {
    expect(estimateFirstCall(api.deps, 'unheard.of', {})).toEqual({ model: null, estimate: null });
  });

  it('is that of a model named by the task, for a task without an endpoint', () => {
    const task = defineTask({
      name: 'echo',
      summary: 'Echo.',
      model: 'sim',
      input: z.looseObject({}),
      run: async () => 'echo',
    });
    const { model, estimate } = estimateFirstCall({ ...api.deps, tasks: new Map([['echo', task]]) }, 'echo', {});
    expect([model, estimate?.usd]).toEqual(['sim', expect.any(Number)]);
  });
});
