/**
 * What a task meets, the same on both of its hosts: the worker's, on a real Redis, and the one of `@holdfast/tasks/testing`.
 * A case's model answers each prompt by its list, one answer after another; by default it says the prompt in capitals.
 */
import type { JsonValue } from '@holdfast/core';
import { type TaskContext, TaskError } from '@holdfast/tasks';
import { cutAfter, failWith, type ModelAnswer } from '@holdfast/tasks/testing';
import { z } from 'zod';

export interface HostCase {
  title: string;
  run(ctx: TaskContext): Promise<JsonValue>;
  answers?: Record<string, readonly ModelAnswer[]>;
  /** Calls or steps run side by side: in which order they end is chance, and so is what is begun when another fails. */
  isParallel?: true;
  /** The process is killed when this call, by its number, has left, or when readers have a word of it. */
  crashAt?: { call: number; when: 'sent' | 'streaming' };
}

const ask = (ctx: TaskContext, prompt: string) => ctx.generate({ prompt });
const inStep = (ctx: TaskContext, prompt: string) => ctx.step(prompt, () => ask(ctx, prompt));
const limited = failWith('provider_rate_limited');

const twoTexts = async (ctx: TaskContext) => `${await ask(ctx, 'one two')}, ${await ask(ctx, 'three four')}`;
const stepThenText = async (ctx: TaskContext) => [await inStep(ctx, 'step'), await ask(ctx, 'a text')];
const shownStep = (ctx: TaskContext) => ctx.step('shown', () => ctx.generate({ prompt: 'shown words', stream: true }));

/** Fails where it comes to this for the first time. */
function once(error: () => Error): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    throw error();
  };
}

export const hostCases: () => HostCase[] = () => {
  const failOnce = once(() => new TaskError('Not yet.', { retryable: true }));
  return [
    { title: 'a text', run: (ctx) => ask(ctx, 'hello world') },
    { title: 'nothing but an output', run: async () => ({ done: true }) },
    { title: 'a step, then a text', run: stepThenText },
    { title: 'a crash in a step', run: stepThenText, crashAt: { call: 1, when: 'sent' } },
    { title: 'a crash after a step', run: stepThenText, crashAt: { call: 2, when: 'sent' } },
    { title: 'a crash in a text', run: twoTexts, crashAt: { call: 1, when: 'streaming' } },
    { title: 'a crash in a second text', run: twoTexts, crashAt: { call: 2, when: 'streaming' } },
    { title: 'a crash before a second text', run: twoTexts, crashAt: { call: 2, when: 'sent' } },
    { title: 'a limit before a text', run: twoTexts, answers: { 'one two': [limited] } },
    { title: 'a limit in a step', run: stepThenText, answers: { step: [limited, limited] } },
    { title: 'a text that is cut', run: twoTexts, answers: { 'three four': [cutAfter('Three')] } },
    {
      title: 'a text that is cut, and caught',
      run: (ctx) => ask(ctx, 'first').catch(() => ask(ctx, 'other')),
      answers: { first: [cutAfter('Fir')] },
    },
    {
      title: 'an error that is caught before readers have anything',
      run: (ctx) => ask(ctx, 'first').catch(() => ask(ctx, 'other')),
      answers: { first: [failWith('provider_bad_request')] },
    },
    {
      title: 'a text that is kept when the task fails after it',
      run: async (ctx) => {
        const said = await ask(ctx, 'kept words');
        failOnce();
        return said;
      },
    },
    {
      title: 'the text of a step that is kept, and another that is cut',
      run: async (ctx) => `${await shownStep(ctx)}, ${await ask(ctx, 'rest of it')}`,
      answers: { 'rest of it': [cutAfter('Rest')] },
    },
    {
      title: 'steps side by side, of which one is limited',
      isParallel: true,
      run: (ctx) => Promise.all(['aa', 'bb', 'cc'].map((prompt) => inStep(ctx, prompt))),
      answers: { bb: [limited] },
    },
    {
      title: 'steps inside of one another',
      run: (ctx) => ctx.step('outer', async () => [await inStep(ctx, 'inner'), await inStep(ctx, 'other')]),
      crashAt: { call: 2, when: 'sent' },
    },
    {
      title: 'equal calls',
      isParallel: true,
      run: (ctx) =>
        Promise.all([ctx.step('pair', () => Promise.all([ask(ctx, 'same'), ask(ctx, 'same')])), ask(ctx, 'same')]),
    },
    {
      title: 'a structured answer that is mended',
      run: (ctx) => ctx.generate({ prompt: 'topic', schema: z.object({ topic: z.string() }) }),
      answers: { topic: ['no JSON'] },
    },
    { title: 'an empty answer', run: (ctx) => ask(ctx, 'nothing'), answers: { nothing: [null, 'something'] } },
    { title: 'two texts side by side', isParallel: true, run: (ctx) => Promise.all([ask(ctx, 'aa'), ask(ctx, 'bb')]) },
    { title: 'a step twice', run: async (ctx) => [await inStep(ctx, 'same'), await inStep(ctx, 'same')] },
    { title: 'a refusal', run: (ctx) => ask(ctx, 'refused'), answers: { refused: [failWith('content_refused')] } },
    {
      title: 'an error of its own',
      run: async () => {
        throw new RangeError('a fault');
      },
    },
  ];
};

/** The next answer of a case to a prompt. */
export function answerer({ answers = {} }: HostCase): (prompt: string) => ModelAnswer {
  const left = new Map(Object.entries(answers).map(([prompt, list]) => [prompt, [...list]]));
  return (prompt) => {
    const next = left.get(prompt)?.shift();
    if (next !== undefined) return next;
    return prompt.startsWith('That does not fit') ? { topic: 'mended' } : prompt.toUpperCase();
  };
}
