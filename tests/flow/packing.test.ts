/** Ended jobs are packed in the background; nobody who reads them, or runs them again, notices. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { follow, JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack, until } from '../stack/stack.ts';

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  stack = await Stack.start({ workers: 1 });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
});

const isPacked = async (id: string) => Number(await probe.field(id, 'packed')) > 0;

/** Readers that have begun before may go on for a while with what was there. As if that were over: */
async function untilDropped(id: string): Promise<void> {
  await until('it is packed', () => isPacked(id));
  await probe.redis.zadd(probe.cell.keys.packing, 1, id);
  const { log, index, request } = probe.journal.keysOf(id);
  await until('what was packed has gone', async () => (await probe.redis.exists(log, index, request)) === 0);
}

it('a packed job has the same events from every cursor and the same request, and takes a fraction of the memory', async () => {
  const body = chat('packed', 'tokens=400&itl_ms=1');
  const { job } = await stack.client.submit(body, { idempotencyKey: 'packed' });
  const live = await follow(stack.client, job.id);
  const keys = probe.journal.keysOf(job.id);
  await untilDropped(job.id);
  expect(await probe.redis.strlen(keys.packed)).toBeLessThan(live.log.length / 4);
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
  // The same request in other bytes is compared with the one that is packed.
  const submitAgain = (again: object) =>
    stack.fetch('/v1/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'packed' },
      body: JSON.stringify(again, null, 2),
    });
  expect((await submitAgain(body)).status).toBe(200);
  expect((await submitAgain({ ...body, metadata: { other: 'one' } })).status).toBe(422);
});

it('a packed job runs again, its journal going on', async () => {
  const running = await stack.client.submit(chat('cancelled', 'tokens=400&itl_ms=1&pause_after=320'));
  await until('text has come', async () => (await stack.client.get(running.job.id)).cursor > 300);
  await stack.client.cancel(running.job.id);
  await stack.client.wait(running.job.id);
  const before = await probe.log(running.job.id);
  await untilDropped(running.job.id);
  await stack.goOn('cancelled');
  await stack.client.retry(running.job.id);
  expect(await stack.client.wait(running.job.id)).toMatchObject({ status: 'completed' });
  expect((await probe.log(running.job.id)).startsWith(before)).toBe(true);
  await until('it is packed again', () => isPacked(running.job.id));
  expect(await probe.faults([running.job.id])).toEqual([]);
});
