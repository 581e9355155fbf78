/** A task's completed steps, and its calls that can be taken up, are paid once though its worker is killed among them. */
import type { JobEvent } from '@holdfast/client';
import type { Stack } from '../../stack/stack.ts';
import type { Scenario, Stage } from './scenario.ts';

export const PARTS = 6;
const paragraph = (part: number) => `Paragraph of part ${part}. `.repeat(480).trim();
/** Each paragraph is a step of `summarize`, with a call of its own; the summary is one call more. */
export const longText = Array.from({ length: PARTS }, (_, part) => paragraph(part)).join('\n\n');

/** A lane whose calls can be taken up, and one whose can't. */
export const withTasks = (tasks: object) => (providerUrl: string) => {
  const providers = [{ name: 'main', base_url: providerUrl }];
  const background = { models: ['sim-background'], providers, background: true };
  return { lanes: { background, plain: { models: ['*'], providers } }, tasks };
};

export function begin(on: Stack, task: string, input: object, name: string, sim: string, change: object = {}) {
  return on.client.submit({ task, input: { ...input }, metadata: { case: name, sim }, ...change });
}

/** Waits until the job's journal has so many events of a type. */
export async function untilEvents(on: Stack, id: string, type: string, count: number): Promise<void> {
  const abort = new AbortController();
  let seen = 0;
  for await (const event of on.client.attach(id, { signal: abort.signal })) {
    if (event.type === type) seen += 1;
    if (seen >= count) return;
  }
  throw new Error(`${id} has ended with ${seen} of ${count} ${type}`);
}

export async function killWorker(on: Stack): Promise<void> {
  const [worker] = on.running('worker');
  await worker?.end('SIGKILL');
  await on.start('worker');
}

/** Follows a job to its end: every text that a reader would have shown, its events, its log. */
export async function follow(on: Stack, id: string) {
  const texts: string[] = [];
  const events: JobEvent[] = [];
  for await (const { text, event } of on.client.stream(id)) {
    texts.push(text);
    events.push(event);
  }
  const log = await (await on.fetch(`/v1/jobs/${id}/events`)).text();
  const steps = events.flatMap((event) => (event.type === 'step.completed' ? [event.data.step] : [])).sort();
  return { texts, events, log, job: await on.client.get(id), steps };
}

export const paidSteps = {
  name: 'paid-steps',
  stack: { config: withTasks({ summarize: { model: 'sim-background' } }) },
  most: { calls: PARTS + 1 },

  async play({ stack }: Pick<Stage, 'stack'>) {
    const { job } = await begin(stack, 'summarize', { text: longText }, 'steps', 'tokens=60&itl_ms=25');
    const followed = follow(stack, job.id);
    await untilEvents(stack, job.id, 'step.completed', 2);
    // As many are under way as may be, and known to the journal.
    await untilEvents(stack, job.id, 'call.accepted', PARTS);
    await killWorker(stack);
    const seen = await followed;
    const { calls, completed } = await stack.providerCalls('steps');
    return { counts: { calls, completed }, ...seen };
  },
} satisfies Scenario;
