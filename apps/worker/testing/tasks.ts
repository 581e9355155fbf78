/** Jobs of tasks of one's own on a test worker, and a model that says what a test wants it to. For tests. */
import { AttemptError, type JsonValue, type Provider, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import { readText } from '@holdfast/journal';
import { defineTask, type Task, type TaskContext } from '@holdfast/tasks';
import { z } from 'zod';
import type { AttemptDeps } from '../src/attempt/open-attempt.ts';
import type { Lane } from '../src/lanes/lane-providers.ts';
import { oneProvider, type TestWorker } from './worker.ts';

/** What the model says to a prompt, piece by piece, or what becomes of the call. */
type Says = (call: ProviderCall) => AsyncIterable<ProviderEvent>;

/** By default it says the prompt in capitals. */
export const model = {
  says: {} as Record<string, Says>,
  calls: [] as { prompt: string; call: ProviderCall }[],
  /** Responses that were to be ended. */
  ended: [] as string[],
  prompts: () => model.calls.map(({ prompt }) => prompt),
  reset() {
    Object.assign(model, { says: {}, calls: [], ended: [] });
  },
};

/** The last thing that a request says. */
function promptOf({ body }: ProviderCall): string {
  const said = (body.messages ?? body.input) as { content: string }[];
  return said.at(-1)?.content ?? '';
}

export const modelProvider: Provider = {
  name: 'scripted',
  call(call) {
    const prompt = promptOf(call);
    model.calls.push({ prompt, call });
    return model.says[prompt]?.(call) ?? capitals(prompt);
  },
  cancelResponse: async (id) => void model.ended.push(id),
};

export const whole = (text: string): ProviderEvent => ({
  kind: 'result',
  output: text,
  usage: { input_tokens: 3, output_tokens: 2 },
});

async function* capitals(prompt: string): AsyncGenerator<ProviderEvent> {
  for (const text of prompt.toUpperCase().match(/.{1,2}/g) ?? []) yield { kind: 'text', text };
  yield whole(prompt.toUpperCase());
}

export async function* cutAfter(text: string): AsyncGenerator<ProviderEvent> {
  yield { kind: 'text', text };
  throw new AttemptError('provider_stream_cut', 'Cut.', { retryable: true, ambiguous: true });
}

export const limited = () => new AttemptError('provider_rate_limited', 'Later.', { retryable: true, status: 429 });

interface JobOptions {
  output?: Task['output'];
  lane?: Partial<Lane>;
  on_ambiguous?: 'fail';
  /** What is reserved for its first call. Default: no price is known. */
  estimateUsd?: number;
}

/** Submits a job of a task that runs `run`; `attempt` runs it, as the next worker would. */
export async function jobOf(
  t: TestWorker,
  run: (ctx: TaskContext) => Promise<JsonValue>,
  { lane = {}, output, ...request }: JobOptions = {},
) {
  const task = defineTask({
    name: 't',
    summary: 'Under test.',
    model: 'sim',
    input: z.strictObject({}),
    ...(output ? { output } : {}),
    run: (_, ctx) => run(ctx),
  });
  const deps: Partial<AttemptDeps> = {
    tasks: new Map([['t', task]]),
    lanes: new Map([['default', oneProvider(modelProvider, lane)]]),
  };
  const id = await t.submit('', { task: 't', input: {}, ...request });
  const attempt = ({ deps: more = {}, ...options }: Parameters<TestWorker['run']>[1] = {}) =>
    t.run(id, { ...options, deps: { ...deps, ...more } });
  return { id, attempt, text: () => readText(t.journal, id) };
}

export async function dataOf(t: TestWorker, id: string, type: string) {
  return (await t.events(id)).filter((event) => event.type === type).map(({ data }) => data);
}
