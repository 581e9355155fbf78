/** A task that blocks its worker's event loop for longer than the locks last costs the jobs beside it nothing but the time. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chat, oneLane, type Stack, type StackOptions, until } from '../../stack/stack.ts';
import type { Scenario, Stage } from './scenario.ts';

/** Where the task `block` is, for config files. */
export const blockingTask = join(import.meta.dirname, '../../stack/blocking-task.ts');

const config: StackOptions['config'] = (providerUrl) => ({
  ...(oneLane({})(providerUrl) as object),
  task_files: [blockingTask],
});

const NEIGHBORS = 3;
/** The locks last 5 s. */
const BLOCK_MS = 8_000;

/** Submits a job that blocks its worker, forever by default, once `begin` is called; and any worker that runs it from then on. */
export async function submitBlock({ client, prefix }: Stack, ms: number | null = null) {
  const file = join(tmpdir(), `holdfast-${prefix}-block`);
  const { job } = await client.submit({ task: 'block', input: { file, ms } });
  await until('it is about to block', async () => (await client.get(job.id)).status === 'running');
  process.once('exit', () => rmSync(file, { force: true }));
  return { job, begin: () => writeFileSync(file, '') };
}

export const blockedLoop = {
  name: 'blocked-loop',
  stack: { config },
  // None of the neighbors' calls can be resumed: each is made again when another worker has its job.
  most: { calls: NEIGHBORS, crashes: 0 },

  async play({ stack, probe }: Stage) {
    const neighbor = () => stack.client.submit(chat('beside a block', 'tokens=100&itl_ms=60&pause_after=95'));
    const submitted = await Promise.all(Array.from({ length: NEIGHBORS }, neighbor));
    const block = await submitBlock(stack, BLOCK_MS);
    const ids = [...submitted.map(({ job }) => job.id), block.job.id];
    await Promise.all(submitted.map(({ job }) => probe.streaming(job.id)));
    const [blocked] = stack.running('worker');
    // Who would take the jobs over.
    await stack.start('worker');
    block.begin();
    await stack.client.wait(block.job.id);
    await stack.goOn('beside a block');
    const jobs = await Promise.all(ids.map((id) => stack.client.wait(id)));
    const crashes = await Promise.all(ids.map(async (id) => Number(await probe.field(id, 'crashes'))));
    const { calls } = await stack.providerCalls('beside a block');
    const counts = { calls, crashes: crashes.reduce((sum, count) => sum + count, 0) };
    return { counts, jobs, blocked, blockId: block.job.id };
  },
} satisfies Scenario;
