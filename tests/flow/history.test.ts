/** The history of real processes that are killed, stopped and cut off: what is lost is bounded, and nothing counts twice. */
import { readHistory } from '@holdfast/history';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack, until } from '../stack/stack.ts';
import { flushedOnce } from './scenarios/flushed-once.ts';
import { exceeded } from './scenarios/scenario.ts';

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  stack = await Stack.start({ workers: 2 });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
});

const completed = async () => (await readHistory(probe.redis, stack.prefix, '1h')).totals.completed;

/** Runs so many jobs to their ends. */
async function run(count: number): Promise<void> {
  const submitted = await Promise.all(
    Array.from({ length: count }, () => stack.client.submit(chat('counted', 'tokens=1&ttft_ms=0&itl_ms=0'))),
  );
  await Promise.all(submitted.map(({ job }) => stack.client.wait(job.id)));
}

describe('the history', () => {
  it('loses what a killed process had not flushed, and nothing else; what a stopped one has counted is in it', async () => {
    await run(30);
    await until('both workers have flushed', async () => (await completed()) === 30);
    await run(20);
    await stack.first('worker').end('SIGKILL');
    await run(5);
    // The one that is left flushes all that it has counted.
    await stack.first('worker').end('SIGTERM');
    const known = await completed();
    expect(known).toBeGreaterThanOrEqual(35);
    expect(known).toBeLessThanOrEqual(55);
    await stack.start('worker');
    await run(7);
    await stack.first('worker').end('SIGTERM');
    expect(await completed()).toBe(known + 7);
  });

  it('counts a flush once whose reply is lost', async () => {
    const { counts } = await flushedOnce.play({ stack, probe });
    expect(exceeded(flushedOnce, counts)).toEqual([]);
  });
});
