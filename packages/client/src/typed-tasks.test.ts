/**
 * The types of a client that knows its server's tasks. What is asked here is asked of the compiler (`npm run types`): each
 * `@ts-expect-error` fails where the line below it is accepted. The last test runs one against a server.
 */
import type { Job, JsonValue } from '@holdfast/core';
import { defineTask } from '@holdfast/tasks';
import type * as examples from '@holdfast/tasks/examples';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { jobLike, sendJson, startTestServer } from '../testing/server.ts';
import { Holdfast, type JobOf, type Submission, type SubmitRequest, type TaskName } from './index.ts';

const triage = defineTask({
  name: 'triage',
  summary: 'Sorts.',
  model: 'm',
  input: z.strictObject({ message: z.string(), words: z.int().default(10) }),
  output: z.object({ topic: z.enum(['billing', 'bug']), urgent: z.boolean() }),
  run: async () => ({ topic: 'bug' as const, urgent: true }),
});
const free = defineTask({ name: 'free', summary: 's', model: 'm', input: z.object({}), run: async () => null });

/** As a module that a client imports the types of: other exports don't count. */
const tasks = { triage, more: [free], limit: 5, clean: () => null, schema: z.string() };

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles where both are the same type. */
const same = <A, B>(_: Same<A, B>) => undefined;

const builtIn = ['responses', 'chat.completions', 'embeddings'] as const;
type BuiltIn = (typeof builtIn)[number];

/** Never called: the compiler reads it. */
async function typed(client: Holdfast<typeof tasks>) {
  const { job } = await client.submit({ task: 'triage', input: { message: 'Hello' }, priority: 1 });
  same<typeof job.output, { topic: 'billing' | 'bug'; urgent: boolean } | null>(true);
  const ended = await client.wait(job.id);
  same<typeof ended.output, { topic: 'billing' | 'bug'; urgent: boolean } | null>(true);
  same<typeof ended.status, Job['status']>(true);
  for (const known of [await client.get(job.id), await client.cancel(job.id), await client.retry(job.id)]) {
    same<typeof known.output, { topic: 'billing' | 'bug'; urgent: boolean } | null>(true);
  }
  same<TaskName<typeof tasks>, 'triage' | 'free' | BuiltIn>(true);
  const { job: freeJob } = await client.submit({ task: 'free', input: {} });
  same<typeof freeJob.output, JsonValue>(true);
  const { job: passed } = await client.submit({ task: 'chat.completions', input: { model: 'm', any: ['thing'] } });
  same<typeof passed.output, JsonValue>(true);
  // @ts-expect-error: the input has no `text`
  await client.submit({ task: 'triage', input: { text: 'Hello' } });
  // @ts-expect-error: `message` is a text
  await client.submit({ task: 'triage', input: { message: 5 } });
  // @ts-expect-error: `message` is missing
  await client.submit({ task: 'triage', input: {} });
  // @ts-expect-error: there is no such task
  await client.submit({ task: 'triages', input: { message: 'Hello' } });
  // @ts-expect-error: there is no such topic
  void (ended.output?.topic === 'weather');
  // A text from elsewhere, as from a database: its output may be anything.
  const other = await client.get('job_1');
  same<typeof other.output, JsonValue>(true);
  for await (const event of client.attach(job.id)) void event.seq;
}

/** The same with a list, and with a module that exports one. */
async function listed(client: Holdfast<typeof examples.exampleTasks>, ofModule: Holdfast<typeof examples>) {
  same<typeof client, typeof ofModule>(false);
  same<TaskName<typeof examples>, 'summarize' | 'extract' | 'chat' | BuiltIn>(true);
  const { job } = await client.submit({ task: 'summarize', input: { text: 'Long.' } });
  same<typeof job.output, string | null>(true);
  // @ts-expect-error: `words` is a number
  await client.submit({ task: 'summarize', input: { text: 'Long.', words: 'few' } });
}

/** A client that knows no tasks takes any, as do functions that are given one. */
async function untyped(client: Holdfast, request: SubmitRequest) {
  const submission: Submission = await client.submit(request);
  const job: Job = submission.job;
  const waited: Job = await client.wait(job.id);
  same<typeof waited.output, JsonValue>(true);
  const any: JobOf<JsonValue> = await client.get('job_1');
  void any;
}

describe('a client that knows the tasks of its server', () => {
  it('is checked by the compiler', () => {
    for (const check of [typed, listed, untyped]) expect(check).toBeInstanceOf(Function);
  });

  it('sends and gives what any client does', async () => {
    const output = { topic: 'bug', urgent: true };
    await using server = await startTestServer((_, response) => {
      sendJson(response, 200, jobLike({ status: 'completed', output }));
    });
    const client = new Holdfast<typeof tasks>({ baseUrl: server.url, apiKey: 'hold_test' });
    const { job } = await client.submit({ task: 'triage', input: { message: 'Hello' } });
    const { output: given } = await client.wait(job.id);
    expect(given?.topic).toBe('bug');
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ task: 'triage', input: { message: 'Hello' } });
  });
});
