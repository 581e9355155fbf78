import { beforeEach, describe, expect, it } from '@jest/globals';
import { silent, until } from '../../../../packages/queue/testing/queue.ts';
import type { Blocker } from '../tasks/current-job.ts';
import { LoopState } from './loop-state.ts';
import { LoopWatcher } from './loop-watcher.ts';

const blocker: Blocker = { job: { jobId: 'job_a', task: 'slow' }, at: ['run (slow.ts:1:1)'] };

let state: LoopState;
let said: object[];
/** What the watcher has done, in order. */
let done: string[];
beforeEach(() => {
  [state, said, done] = [new LoopState(), [], []];
});

/** One that looks every 500 ms, and gives up after 4 s. */
function watch(answer: Blocker | null = blocker) {
  const write = (fields: object) => void said.push(fields);
  const watcher = new LoopWatcher({
    state,
    everyMs: 500,
    limitMs: 4_000,
    logger: { ...silent, warn: write, error: write },
    async ask() {
      done.push('ask');
      return answer;
    },
    keep: async () => void done.push('keep'),
    async handBack(except) {
      done.push(`hand back all but ${except}`);
      return 2;
    },
    count: async ({ task }) => void done.push(`count ${task}`),
    end: () => void done.push('end'),
  });
  return {
    async look(times: number) {
      for (let look = 0; look < times; look += 1) {
        watcher.look();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

describe('a watcher of the event loop', () => {
  it('does nothing while the loop comes round', async () => {
    const watcher = watch();
    for (let beat = 0; beat < 20; beat += 1) {
      state.beat();
      await watcher.look(2);
    }
    expect(done).toEqual([]);
  });

  it('keeps jobs from 1 s of silence on, asks once at 2 s, and says and counts whose it was when it is over', async () => {
    const watcher = watch();
    await watcher.look(1 + 6);
    expect(done).toEqual(['keep', 'keep', 'ask', 'keep']);
    expect(said).toEqual([]);
    state.beat();
    await watcher.look(2);
    expect(done.slice(4)).toEqual(['count slow']);
    expect(said).toEqual([{ jobId: 'job_a', task: 'slow', at: blocker.at, blockedMs: expect.any(Number) }]);
  });

  it('gives the process up at the limit: all jobs but the one that blocks are handed back', async () => {
    const watcher = watch();
    await watcher.look(1 + 8);
    await until('it has ended', () => done.includes('end'));
    expect(done.slice(done.lastIndexOf('ask'))).toEqual(['ask', 'hand back all but job_a', 'count slow', 'end']);
    expect(said).toEqual([expect.objectContaining({ jobId: 'job_a', task: 'slow', handedBack: 2 })]);
  });

  it('hands nothing back where nobody can be named: every job counts a crash', async () => {
    const watcher = watch(null);
    await watcher.look(1 + 8);
    await until('it has ended', () => done.includes('end'));
    expect(done.slice(done.lastIndexOf('ask'))).toEqual(['ask', 'count ~none', 'end']);
    expect(said).toEqual([expect.objectContaining({ handedBack: 0 })]);
  });

  it('never gives one up that a debugger may have stopped', async () => {
    state.isDebugged = true;
    const watcher = watch();
    await watcher.look(1 + 20);
    expect(done).not.toContain('end');
    expect(done.filter((what) => what === 'keep')).toHaveLength(10);
  });
});
