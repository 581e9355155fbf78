/**
 * The jobs of an interleaving, by their idempotency keys. A pass-through job makes one call. A job of the task `notes` makes
 * four: three notes, each in its own step, two at a time, and not emitted to readers; then one call that lists the notes.
 * There are two jobs of each kind: one on a lane with plain calls, one on a lane whose calls run in the background.
 */
import { jobIdFor, type Prices } from '@holdfast/core';
import type { NewJob } from '@holdfast/journal';
import { builtInTasks, defineTask, type Task } from '@holdfast/tasks';
import { z } from 'zod';

export const TENANT = 'acme';
const MODEL = 'sim';
/** More tokens than any call returns. So few that the reservation for a job's first call doesn't cover all of its calls. */
export const MAX_TOKENS = 20;
export const prices: Prices = { [MODEL]: { input_usd_per_million: 1, output_usd_per_million: 2 } };
/** One step of time can be longer than this. */
const DEADLINE_MS = 600_000;

export const notesTask = defineTask({
  name: 'notes',
  summary: 'Takes three notes, and lists them.',
  model: MODEL,
  // The first reservation is estimated from the input.
  input: z.strictObject({ job: z.string(), max_output_tokens: z.int() }),
  async run({ job, max_output_tokens }, ctx) {
    const take = (note: string) =>
      ctx.step(note, () => ctx.generate({ prompt: `${job} takes ${note}`, max_output_tokens }));
    const oneAndThree = async () => [await take('one'), await take('three')];
    const [[one, three], two] = await Promise.all([oneAndThree(), take('two')]);
    const notes = [one, two, three];
    return ctx.generate({ prompt: `${job} lists ${JSON.stringify(notes)}`, max_output_tokens });
  },
});

export const tasks: ReadonlyMap<string, Task> = new Map([...builtInTasks, [notesTask.name, notesTask]]);

const kinds: Record<string, { task: string; lane: string }> = {
  a: { task: 'chat.completions', lane: 'default' },
  b: { task: 'responses', lane: 'background' },
  c: { task: notesTask.name, lane: 'default' },
  d: { task: notesTask.name, lane: 'background' },
};

export const allKeys = Object.keys(kinds);
export const idOf = (key: string) => jobIdFor(TENANT, key);

export function describeJob(key: string, withDeadline: boolean): NewJob {
  const { task = '', lane = '' } = kinds[key] ?? {};
  const input = task === notesTask.name ? { job: key } : { model: MODEL, job: key };
  const request = {
    task,
    input: { ...input, max_output_tokens: MAX_TOKENS },
    ...(withDeadline ? { deadline_ms: DEADLINE_MS } : {}),
  };
  const requestText = JSON.stringify(request);
  return { id: idOf(key), tenant: TENANT, lane, request, requestText, digest: key, tokens: 0 };
}
