/** The two hosts of tasks, on the same cases: what a test of a task shows is what a worker does. */
import type { JobEvent, Outcome, ProviderCall, ProviderEvent } from '@holdfast/core';
import { defineTask } from '@holdfast/tasks';
import { runTask } from '@holdfast/tasks/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { jobOf, model } from '../../apps/worker/testing/tasks.ts';
import { aborted, openTestWorker, type TestWorker, until } from '../../apps/worker/testing/worker.ts';
import { spoken } from '../../packages/tasks/src/in-memory/scripted-model.ts';
import { answerer, type HostCase, hostCases } from './task-host-cases.ts';

let t: TestWorker;
beforeAll(async () => {
  t = await openTestWorker();
});
afterEach(() => model.reset());
afterAll(() => t.close());

/** What a case comes to, on either host. */
interface Shown {
  status: string;
  output: unknown;
  error: string | undefined;
  text: string;
  attempts: number;
  prompts: string[];
  events: string[];
}

type Told = Pick<JobEvent, 'type' | 'data'>;

/** The events in words, pieces of text joined. */
function wordsOf(events: readonly Told[]): string[] {
  const words: string[] = [];
  let text = '';
  for (const { type, data } of events as JobEvent[]) {
    if (type === 'text.delta') text += data.text;
    else if (text !== '') words.push(`text ${text}`);
    if (type !== 'text.delta') text = '';
    if (type === 'attempt.started') words.push(`${type} ${data.attempt} ${data.resumed ? 'resumed' : 'anew'}`);
    else if (type === 'step.completed') words.push(`${type} ${data.step}`);
    else if (type === 'call.started' || type === 'call.completed') words.push(`${type} ${data.call}`);
    else if (type === 'call.failed') words.push(`${type} ${data.call} ${data.error.code}`);
    else if (type === 'attempt.failed' || type === 'job.failed') words.push(`${type} ${data.error.code}`);
    else if (type !== 'text.delta') words.push(type);
  }
  return words;
}

async function inMemory(given: HostCase): Promise<Shown> {
  const task = defineTask({
    name: 't',
    summary: 's',
    model: 'sim',
    input: z.strictObject({}),
    run: (_, ctx) => given.run(ctx),
  });
  const answer = answerer(given);
  const { crashAt } = given;
  const { status, output, error, text, attempts, calls, events } = await runTask(task, {
    input: {},
    model: ({ prompt }) => answer(prompt),
    ...(crashAt ? { crashAt: `call ${crashAt.call} ${crashAt.when}` } : {}),
  });
  const prompts = calls.map(({ prompt }) => prompt);
  return { status, output, error: error?.code, text, attempts, prompts, events: wordsOf(events) };
}

/** Makes the worker's model say what the case's does, and stop for ever where its process is to be killed. Resolves then. */
function scriptModel({ crashAt }: HostCase, answer: ReturnType<typeof answerer>): Promise<'killed'> {
  const killed = Promise.withResolvers<'killed'>();
  let calls = 0;
  const die = (signal: AbortSignal) => {
    killed.resolve('killed');
    return aborted(signal);
  };
  async function* say(prompt: string, { signal }: ProviderCall): AsyncGenerator<ProviderEvent> {
    calls += 1;
    const crash = crashAt?.call === calls ? crashAt.when : null;
    if (crash === 'sent') await die(signal);
    const { pieces, value, error } = spoken(answer(prompt));
    for (const text of pieces) {
      yield { kind: 'text', text };
      if (crash === 'streaming') await die(signal);
    }
    if (error) throw error;
    const message = { role: 'assistant', content: value };
    const output = { choices: [{ message, finish_reason: 'stop' }] };
    yield { kind: 'result', output, usage: { input_tokens: 1, output_tokens: 1 } };
  }
  model.says = new Proxy({}, { get: (_, prompt: string) => (call: ProviderCall) => say(prompt, call) });
  return killed.promise;
}

/** Attempts until the job has ended, each by a worker of its own. One that is killed writes nothing more: its lock is lost. */
async function runAttempts(
  id: string,
  attempt: Awaited<ReturnType<typeof jobOf>>['attempt'],
  killed: Promise<'killed'>,
) {
  const locks: AbortController[] = [];
  const zombies: Promise<Outcome>[] = [];
  for (;;) {
    const lock = new AbortController();
    locks.push(lock);
    const running = attempt({ lockLost: lock.signal });
    const first = await Promise.race(zombies.length === 0 ? [running, killed] : [running]);
    if (first === 'killed') zombies.push(running);
    else if (first.kind !== 'retry') break;
    if (first === 'killed') await until('readers have what it said', async () => isCallStored(await t.types(id)));
  }
  for (const lock of locks) lock.abort();
  for (const outcome of await Promise.all(zombies)) expect(outcome).toEqual({ kind: 'lost' });
  return locks.length;
}

/** The beginning of the last call is in the journal, or a piece of its text. */
function isCallStored(types: string[]): boolean {
  return ['call.started', 'text.delta'].includes(types.at(-1) ?? '');
}

async function onWorker(given: HostCase): Promise<Shown> {
  const { id, attempt, text } = await jobOf(t, given.run);
  const attempts = await runAttempts(id, attempt, scriptModel(given, answerer(given)));
  const { status, output, error } = await t.job(id);
  const events = wordsOf((await t.events(id)) as unknown as Told[]);
  return { status, output, error: error?.code, text: await text(), attempts, prompts: model.prompts(), events };
}

const titles = hostCases().map(({ title }) => title);
const caseOf = (title: string): HostCase => {
  const found = hostCases().find((each) => each.title === title);
  if (!found) throw new Error(`no case "${title}"`);
  return found;
};

/** Without what is chance. */
function comparable({ isParallel }: HostCase, { prompts, events, ...shown }: Shown) {
  if (!isParallel) return { ...shown, prompts, events };
  return shown.status === 'completed' ? { ...shown, prompts: prompts.toSorted() } : shown;
}

describe('a task comes to the same in a test and on a worker:', () => {
  it.each(titles)('%s', async (title) => {
    const given = caseOf(title);
    const shown = await inMemory(given);
    expect(comparable(given, await onWorker(caseOf(title)))).toEqual(comparable(given, shown));
  });

  it('and the cases are not all alike', async () => {
    const shown = await Promise.all(hostCases().map(inMemory));
    expect(new Set(shown.map(({ status, attempts }) => `${status} ${attempts}`)).size).toBeGreaterThan(3);
    expect(shown.flatMap(({ events }) => events)).toEqual(
      expect.arrayContaining(['attempt.started 2 resumed', 'attempt.started 2 anew', 'job.failed task_error']),
    );
  });
});
