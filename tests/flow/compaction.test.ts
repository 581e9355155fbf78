/** Logs of ended jobs are deflated in the background; nobody who reads them notices. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { follow, JournalProbe } from './journal-probe.ts';
import { chat, Stack, until } from './stack.ts';

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  stack = await Stack.start({ workers: 1 });
  probe = await JournalProbe.open(stack);
}, 60_000);
afterAll(async () => {
  await probe?.close();
  await stack?.close();
});

const isPacked = async (id: string) => Number(await probe.field(id, 'packed')) > 0;

it('a packed log has the same bytes from every cursor, and takes a fraction of the memory', async () => {
  const { job } = await stack.client.submit(chat('packed', 'tokens=400&itl_ms=1'));
  const live = await follow(stack.client, job.id);
  const keys = probe.journal.keysOf(job.id);
  await until('it is packed', () => isPacked(job.id));
  expect(await probe.redis.strlen(keys.packed)).toBeLessThan(live.log.length / 4);
  // Readers that have begun before may go on for a while; then it goes. As if that were over:
  await probe.redis.zadd(probe.cell.keys.compact, 1, job.id);
  await until('its log has gone', async () => (await probe.redis.exists(keys.log, keys.index)) === 0);
  const events = live.log.split('\n\n').slice(0, -1);
  for (const after of [0, 1, 200, events.length - 1]) {
    const response = await stack.fetch(`/v1/jobs/${job.id}/events?after=${after}`);
    const expected = events
      .slice(after)
      .map((event) => `${event}\n\n`)
      .join('');
    expect((await response.text()) === expected).toBe(true);
  }
  expect(await stack.client.get(job.id)).toMatchObject({ output_text: live.text });
});

it('a job whose log is packed runs again, its journal going on', async () => {
  const { job } = await stack.client.submit(chat('again', 'tokens=400&itl_ms=1&fail=,400'));
  const running = await stack.client.submit(chat('cancelled', 'tokens=4000&itl_ms=1'));
  await until('text has come', async () => (await stack.client.get(running.job.id)).cursor > 300);
  await stack.client.cancel(running.job.id);
  await stack.client.wait(job.id);
  const before = await probe.log(running.job.id);
  await until('it is packed', () => isPacked(running.job.id));
  await stack.client.retry(running.job.id);
  expect(await stack.client.wait(running.job.id, { timeoutMs: 30_000 })).toMatchObject({ status: 'completed' });
  expect((await probe.log(running.job.id)).startsWith(before)).toBe(true);
  await until('it is packed again', () => isPacked(running.job.id));
  expect(await probe.faults([running.job.id])).toEqual([]);
}, 60_000);
