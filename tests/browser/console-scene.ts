/** Jobs of every kind, of two tenants, as clients submit them: what the console's pages have to show. */
import { Holdfast } from '@holdfast/client';
import { chat, type Stack } from '../stack/stack.ts';
import type { ConsoleStack } from './console-stack.ts';

/** Words of prompts, each in one place of what the console could show. */
export const prompts = {
  asked: 'seventeen-green-lanterns',
  refused: 'letters-for-the-walnut-captain',
  long: 'minutes-of-the-harbor-board',
  streaming: 'cargo-of-copper-kettles',
  equal: 'parrots-and-peacocks',
} as const;

export interface Scene {
  /** Ids of jobs, by what has become of them. */
  jobs: Record<
    'completed' | 'failed' | 'retried' | 'cancelled' | 'steps' | 'running' | 'leader' | 'follower' | 'delayed',
    string
  >;
  /** Of the tenant `acme`. */
  acme: Holdfast;
  /** Texts that only operators and admins may see: words of prompts, and pieces of answers. */
  secrets: readonly string[];
}

/** Name of the simulator's case that holds the running job's answer. */
export const HELD = 'held answer';
/** What a customer can tell of the job that failed. */
export const customer = { tenant: 'acme', metadata: 'customer', value: 'c-4711', key: 'order-812' };

/** A client of a tenant's own. */
export async function addTenant({ admin, stack }: ConsoleStack, tenant: string): Promise<Holdfast> {
  await admin.call('setTenant', { params: { tenant }, body: { plan: 'pro' } });
  const { key } = await admin.call('createKey', { params: { tenant }, body: { scopes: ['submit', 'read'] } });
  return new Holdfast({ baseUrl: stack.apiUrl, apiKey: key });
}

/** A text of several parts, each of which `summarize` takes in a step of its own. */
const longText = () =>
  Array.from({ length: 9 }, (_, at) => `${prompts.long} ${at} ${'ahoy '.repeat(800)}`).join('\n\n');

const completedJob = () => ({
  ...chat('asked', 'tokens=40&itl_ms=1', `<b>Be brief</b>: ${prompts.asked}`),
  metadata: { customer: 'c-1' },
});

const failedJob = () => ({
  ...chat('refused', 'status=400', prompts.refused),
  metadata: { [customer.metadata]: customer.value },
});

/** An answer that stops after 30 pieces, until `stack.goOn(name)`. */
export const heldJob = (name: string) =>
  chat(name, 'tokens=80&itl_ms=1&pause_after=30', `A ballad of a ${prompts.streaming}`);

async function submitAll({ client }: Stack, acme: Holdfast): Promise<Scene['jobs']> {
  const equal = chat('equal', 'tokens=30&ttft_ms=200', prompts.equal);
  const submits = {
    completed: client.submit(completedJob(), { idempotencyKey: 'asked-once' }),
    failed: acme.submit(failedJob(), { idempotencyKey: customer.key }),
    retried: client.submit(chat('retried', 'fail=503&tokens=20&itl_ms=1')),
    steps: client.submit({ task: 'summarize', input: { text: longText() }, metadata: { sim: 'tokens=20&itl_ms=1' } }),
    running: acme.submit(heldJob(HELD)),
    leader: acme.submit({ ...equal, cache: { ttl_s: 600 } }),
    delayed: acme.submit({ ...chat('delayed', 'tokens=5'), delay_ms: 3_600_000 }),
    cancelled: client.submit({ ...chat('cancelled', 'tokens=5'), delay_ms: 3_600_000 }),
  };
  const entries = Object.entries(submits).map(async ([name, submit]) => [name, (await submit).job.id] as const);
  const ids = Object.fromEntries(await Promise.all(entries)) as Record<keyof typeof submits, string>;
  const { job: follower } = await acme.submit({ ...equal, cache: { ttl_s: 600 } });
  await Promise.all([client.submit(completedJob(), { idempotencyKey: 'asked-once' }), client.cancel(ids.cancelled)]);
  return { ...ids, follower: follower.id };
}

/** Makes them. Resolves when all have ended that shall end. */
export async function makeScene(app: ConsoleStack): Promise<Scene> {
  const { stack } = app;
  const acme = await addTenant(app, 'acme');
  const jobs = await submitAll(stack, acme);
  const waits = [
    ...[jobs.completed, jobs.retried, jobs.steps].map((id) => stack.client.wait(id)),
    ...[jobs.failed, jobs.leader, jobs.follower].map((id) => acme.wait(id)),
  ];
  const answers = (await Promise.all(waits)).map(({ output_text }) => output_text).filter((text) => text !== null);
  const pieces = answers.map((text) => text.slice(0, 40));
  return { jobs, acme, secrets: [...Object.values(prompts), '<b>Be brief</b>', ...pieces] };
}
