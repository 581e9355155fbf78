/** A task that blocks its worker's event loop forever is the only one to pay for it: its job fails, its neighbors go on elsewhere. */
import { chat, type StackOptions, until } from '../../stack/stack.ts';
import { blockingTask, submitBlock } from './blocked-loop.ts';
import type { Scenario, Stage } from './scenario.ts';

const config: StackOptions['config'] = (providerUrl) => {
  const providers = [{ name: 'main', base_url: providerUrl }];
  const idempotent = { models: ['sim-idempotent'], providers, idempotency_header: true };
  const background = { models: ['sim-background'], providers, background: true };
  const lanes = { background, idempotent, plain: { models: ['*'], providers } };
  return { lanes, task_files: [blockingTask] };
};

const sim = 'tokens=150&itl_ms=20&pause_after=140';
const cases = ['block background', 'block idempotent', 'block plain'] as const;
const neighbors = [
  {
    task: 'responses',
    input: { model: 'sim-background', input: 'Hello.', metadata: { case: cases[0], sim } },
  },
  {
    task: 'chat.completions',
    input: { ...chat(cases[1], `${sim}&idempotent=1`).input, model: 'sim-idempotent' },
  },
  chat(cases[2], sim),
];

export const endlessBlock = {
  name: 'endless-block',
  stack: {
    config,
    env: { BLOCKED_LIMIT_SECONDS: '5', CRASH_LIMIT: '2' },
  },
  most: { neighborsCrashes: 0, backgroundCalls: 1, idempotentCalls: 1 },

  async play({ stack, probe }: Stage) {
    const submitted = await Promise.all(neighbors.map((request) => stack.client.submit(request)));
    const ids = submitted.map(({ job }) => job.id);
    const block = await submitBlock(stack);
    await Promise.all(ids.map((id) => probe.streaming(id)));
    const [first] = stack.running('worker');
    await stack.start('worker');
    block.begin();
    await until('the blocked worker ends', () => first?.ended);
    // As a supervisor does: the job blocks one more.
    await stack.start('worker');
    const blocking = await stack.client.wait(block.job.id);
    await Promise.all(cases.map((name) => stack.goOn(name)));
    const jobs = await Promise.all(ids.map((id) => stack.client.wait(id)));
    const crashesOf = async (id: string) => Number(await probe.field(id, 'crashes'));
    const crashes = await Promise.all(ids.map(crashesOf));
    const callsOf = async (name: string) => (await stack.providerCalls(name)).calls;
    const counts = {
      neighborsCrashes: crashes.reduce((sum, count) => sum + count, 0),
      backgroundCalls: await callsOf(cases[0]),
      idempotentCalls: await callsOf(cases[1]),
    };
    const plainCalls = await callsOf(cases[2]);
    return { counts, jobs, blocking, crashesOfBlocking: await crashesOf(block.job.id), first, plainCalls };
  },
} satisfies Scenario;
