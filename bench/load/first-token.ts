/**
 * A client that measures the time to the first token. It calls the provider with the `openai` SDK, or Holdfast with the client
 * package: `submit`, then `attach`.
 */
import { Holdfast } from '@holdfast/client';
import OpenAI from 'openai';
import { serveCommands } from '../commands.ts';
import { quantile } from '../statistics.ts';

export interface FirstTokenCommand {
  subject: 'sdk' | 'holdfast';
  atOnce: number;
  /** How many rounds, one after the other. */
  times: number;
  input: object;
}

export interface FirstTokenAnswer {
  /** ms */
  p50: number;
  p99: number;
}

const { PROVIDER_URL = '', API_URL = '', API_KEY = '' } = process.env;
const openai = new OpenAI({ baseURL: PROVIDER_URL, apiKey: 'any', maxRetries: 0 });
const holdfast = new Holdfast({ baseUrl: API_URL, apiKey: API_KEY });

/** Both functions read the answer to its end. So the provider is idle when the next call comes. */
async function throughSdk(input: object): Promise<number> {
  const startedAt = performance.now();
  let first = Number.NaN;
  const request = input as OpenAI.ChatCompletionCreateParamsNonStreaming;
  for await (const { choices } of await openai.chat.completions.create({ ...request, stream: true })) {
    if (choices[0]?.delta.content && Number.isNaN(first)) first = performance.now() - startedAt;
  }
  return first;
}

async function throughHoldfast(input: object): Promise<number> {
  const startedAt = performance.now();
  let first = Number.NaN;
  const { job } = await holdfast.submit({ task: 'chat.completions', input } as Parameters<Holdfast['submit']>[0]);
  for await (const event of holdfast.attach(job.id)) {
    if (event.type === 'text.delta' && Number.isNaN(first)) first = performance.now() - startedAt;
    if (event.type === 'job.failed') throw new Error(event.data.error.message);
  }
  return first;
}

serveCommands<FirstTokenCommand>(async ({ subject, atOnce, times, input }): Promise<FirstTokenAnswer> => {
  const call = subject === 'sdk' ? throughSdk : throughHoldfast;
  const all: number[] = [];
  for (let time = 0; time < times; time++) {
    all.push(...(await Promise.all(Array.from({ length: atOnce }, () => call(input)))));
  }
  if (all.some(Number.isNaN)) throw new Error('An answer had no text.');
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
});
