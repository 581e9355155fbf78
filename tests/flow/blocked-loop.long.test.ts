/** A task that blocks its worker's event loop, with real processes. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { type Service, Stack, type StackOptions, until } from '../stack/stack.ts';
import { blockedLoop } from './scenarios/blocked-loop.ts';
import { endlessBlock } from './scenarios/endless-block.ts';

const closeLater: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closeLater.splice(0).reverse()) await close();
});

async function open(options: StackOptions) {
  const stack = await Stack.start(options);
  closeLater.push(() => stack.close());
  const probe = await JournalProbe.open(stack);
  closeLater.push(() => probe.close());
  return { stack, probe };
}

/** What a process has logged of blocks. */
function blocksIn(service: Service | undefined) {
  const lines = service?.log.split('\n').filter((line) => /block/.test(line)) ?? [];
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function blockMetrics(stack: Stack) {
  const text = await stack.metrics();
  const read = (name: string) => Number(new RegExp(`^${name}\\{task="block"\\} (\\S+)$`, 'm').exec(text)?.[1]);
  return { times: read('holdfast_worker_blocked_total'), seconds: read('holdfast_worker_blocked_seconds_total') };
}

describe('a task that blocks the event loop for longer than the locks last', () => {
  it('costs the jobs beside it no attempt and no call, and is named in the log and in the metrics', async () => {
    const stage = await open(blockedLoop.stack);
    const { counts, jobs, blocked, blockId } = await blockedLoop.play(stage);
    expect(counts).toEqual(blockedLoop.most);
    for (const job of jobs) expect(job).toMatchObject({ status: 'completed', attempt: 1 });
    const [line, ...more] = await until('the block is logged', () => {
      const lines = blocksIn(blocked);
      return lines.length > 0 ? lines : null;
    });
    expect(more).toEqual([]);
    const { pid } = blocked?.child ?? {};
    expect(line).toMatchObject({ level: 'warn', name: 'worker', pid, task: 'block', jobId: blockId });
    expect(line?.blockedMs).toBeGreaterThan(7_000);
    expect(line?.at).toEqual(expect.arrayContaining([expect.stringContaining('tests/stack/blocking-task.ts')]));
    await until('it is counted', async () => (await blockMetrics(stage.stack)).times === 1);
    expect((await blockMetrics(stage.stack)).seconds).toBeGreaterThan(7);
  });
});

describe('a task that blocks the event loop forever', () => {
  it('ends its worker; only its own job counts a crash, and fails at their limit', async () => {
    const stage = await open(endlessBlock.stack);
    const { counts, jobs, blocking, crashesOfBlocking, first, plainCalls } = await endlessBlock.play(stage);
    expect(counts).toEqual(endlessBlock.most);
    expect(blocking).toMatchObject({ status: 'failed', error: { code: 'crash_limit' } });
    expect(crashesOfBlocking).toBe(2);
    const [background, idempotent, plain] = jobs;
    expect(background).toMatchObject({ status: 'completed', provider_calls: 1, ambiguous_calls: 0 });
    expect(background?.attempt).toBeGreaterThan(1);
    expect(idempotent).toMatchObject({ status: 'completed', ambiguous_calls: 0 });
    expect(plain).toMatchObject({ status: 'completed', provider_calls: plainCalls });

    const { pid, signalCode } = first?.child ?? {};
    expect(signalCode).toBe('SIGKILL');
    const ended = { level: 'error', name: 'worker', pid, task: 'block', jobId: blocking.id, handedBack: jobs.length };
    expect(blocksIn(first)).toEqual([expect.objectContaining(ended)]);
    expect((await blockMetrics(stage.stack)).times).toBe(2);
  });
});
