/** A process that blocks its event loop in a job's task, in one of several ways, and prints what it is then told of it. For tests. */
import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { askBlocker } from '../src/event-loop/ask-blocker.ts';
import { answerForBlocker, runAs } from '../src/tasks/current-job.ts';

/** All but the last forever. */
const ways: Record<string, () => void> = {
  loop: () => {
    for (;;);
  },
  expression: () => void /^(a+)+$/.test(`${'a'.repeat(60)}!`),
  json: () => {
    const value = Array.from({ length: 100_000 }, (_, at) => ({ at }));
    for (;;) JSON.parse(JSON.stringify(value));
  },
  // It hears of nothing before that returns.
  command: () => void spawnSync('sleep', ['1']),
};

/** Beside it, jobs that only wait. */
async function block(way: string): Promise<void> {
  answerForBlocker();
  const thread = new Worker(new URL(import.meta.url));
  await new Promise((resolve) => thread.once('message', resolve));
  const waits = (jobId: string) => runAs({ jobId, task: 'wait' }, () => delay(20).then(() => delay(60_000)));
  void waits('job_before');
  void runAs({ jobId: `job_${way}`, task: 'block' }, async () => {
    await delay(50);
    thread.postMessage('ask');
    ways[way]?.();
    await delay(60_000);
  });
  void waits('job_after');
}

if (isMainThread) await block(String(process.argv[2]));
else {
  // On, not once: without it the thread would end before it is answered.
  parentPort?.on('message', async () => {
    const blocker = await askBlocker(AbortSignal.timeout(60_000));
    writeSync(1, JSON.stringify(blocker));
    process.kill(process.pid, 'SIGKILL');
  });
  parentPort?.postMessage('ready');
}
