/** Jobs as several tenants submit them over some minutes, more and fewer by turns: so that the console's plots have something to show. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Holdfast } from '@holdfast/client';
import { chat } from '../stack/stack.ts';
import { addTenant } from './console-scene.ts';
import type { ConsoleStack } from './console-stack.ts';

const models = ['gpt-5', 'gpt-5-mini', 'sim'];
/** What the simulated provider does, as often as it stands here. */
const moods = [
  'tokens=120&itl_ms=8',
  'tokens=240&itl_ms=6',
  'tokens=60&itl_ms=10',
  'tokens=180&itl_ms=12',
  'tokens=90&itl_ms=5',
  'tokens=150&itl_ms=9',
  'tokens=200&itl_ms=7',
  'fail=429&retry_after=1&tokens=80&itl_ms=6',
  'fail=503&tokens=100&itl_ms=6',
  'status=400',
];
const JOBS_A_MINUTE = 45;

const pick = <Item>(items: readonly Item[], at: number): Item => items[at % items.length] as Item;

async function submitOne(client: Holdfast, number: number): Promise<void> {
  const job = chat(`traffic ${number}`, pick(moods, number * 3), `What holds ship ${number}?`);
  const request = { ...job, input: { ...job.input, model: pick(models, number * 7) } };
  const metadata = { customer: `c-${4000 + (number % 90)}` };
  if (number % 9 === 4) {
    const equal = {
      ...request,
      input: { ...request.input, messages: [{ role: 'user', content: 'What is an anchor?' }] },
    };
    await client.submit({ ...equal, cache: { ttl_s: 3_600 }, metadata });
    return;
  }
  const { job: made } = await client.submit({ ...request, metadata }, { idempotencyKey: `order-${number}` });
  if (number % 11 === 5) await client.submit({ ...request, metadata }, { idempotencyKey: `order-${number}` });
  if (number % 23 === 7) await client.cancel(made.id);
}

/** Resolves when the minutes are over. */
export async function makeTraffic(app: ConsoleStack, minutes: number): Promise<void> {
  const clients = await Promise.all(['harbor', 'north', 'orchard'].map((tenant) => addTenant(app, tenant)));
  const [begin, end] = [Date.now(), Date.now() + minutes * 60_000];
  for (let number = 0; Date.now() < end; number++) {
    await submitOne(pick(clients, number % 6 === 0 ? 2 : number % 2), number);
    const wave = 1 + 0.6 * Math.sin((Date.now() - begin) / 100_000);
    await delay(60_000 / (JOBS_A_MINUTE * wave));
  }
}
