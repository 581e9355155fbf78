import { AttemptError, type ReleaseName } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openTestLane, type TestLane, type TestOutcome, until } from '../../testing/queue.ts';
import { LOCK_MS, queueJobId } from '../names.ts';

let t: TestLane;
beforeEach(async () => {
  t = await openTestLane();
});
afterEach(() => t.close());

const refused = new AttemptError('provider_bad_request', 'The provider said: "a secret prompt".');

/** A run that answers with each outcome in turn, then with the last; it remembers when it was called. */
function scripted(...outcomes: TestOutcome[]) {
  const calls: { jobId: string; release: number; at: number }[] = [];
  const run = (release: { jobId: string; release: number }): TestOutcome => {
    calls.push({ ...release, at: Date.now() });
    const outcome = outcomes[Math.min(calls.length, outcomes.length) - 1];
    if (!outcome) throw new Error('a script needs an outcome');
    return outcome;
  };
  return { calls, run };
}

const lockOf = (release: ReleaseName) => `${t.board.toKey('')}${queueJobId(release)}:lock`;

function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const stateIs = (jobId: string, state: string) =>
  until(`${jobId} is ${state}`, async () => (await t.state(jobId)) === state);

const permits = async () => (await t.queues.scheduler.counts(t.lane)).permits;

describe('an outcome', () => {
  it.each(['completed', 'cancelled', 'ended', 'lost'] as const)('of %s is the end of the entry', async (kind) => {
    const { calls, run } = scripted({ kind });
    await t.work(async (release) => {
      // Its end was written before this attempt could begin.
      if (kind === 'ended') await t.cell.cancel(release.jobId);
      return run(release);
    });
    await t.submit('job_a');
    await stateIs('job_a', 'completed');
    expect(calls).toHaveLength(1);
    expect((await t.entry('job_a'))?.returnvalue).toBe(kind);
    expect(await permits()).toBe(kind === 'lost' ? 1 : 0);
  });

  it('of failed fails the entry for good, with the code as its only reason', async () => {
    const { calls, run } = scripted({ kind: 'failed', error: refused });
    await t.work(run);
    await t.submit('job_a');
    await stateIs('job_a', 'failed');
    expect(calls).toHaveLength(1);
    const entry = await t.entry('job_a');
    expect(entry?.failedReason).toBe('provider_bad_request');
    expect(JSON.stringify(entry)).not.toContain('secret');
  });

  it('of retry is the end of the entry, and lets the next release wait for its delay', async () => {
    const { calls, run } = scripted({ kind: 'retry', error: refused, delayMs: 400 }, { kind: 'completed' });
    await t.work(run);
    const first = await t.submit('job_a');
    await stateIs('job_a', 'completed');
    expect(await t.queues.scheduler.counts(t.lane)).toEqual({ waiting: 0, delayed: 1, permits: 0 });
    const next = await t.release('job_a');
    expect(next.release).toBeGreaterThan(first.release);
    await until('the next release has run', () => calls.length === 2);
    expect(calls.map(({ jobId, release }) => ({ jobId, release }))).toEqual([first, next]);
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(399);
  });

  it('of deferred lets the next release go before what has yet to begin, but not before higher priorities', async () => {
    const { calls, run } = scripted({ kind: 'deferred', delayMs: 0 }, { kind: 'completed' });
    for (const [jobId, priority] of [
      ['job_a', 0],
      ['job_b', 0],
    ] as const) {
      await t.submit(jobId, { priority });
    }
    const { opened, open } = gate();
    await t.work(async (release) => {
      const outcome = run(release);
      if (calls.length === 1) await opened;
      return outcome;
    });
    await until('the first runs', () => calls.length === 1);
    await t.submit('job_top', { priority: 1 });
    open();
    await until('all have run', () => calls.length === 4);
    expect(calls.map(({ jobId }) => jobId)).toEqual(['job_a', 'job_top', 'job_a', 'job_b']);
  });

  it('of lost leaves the permit to the successor, and any other has freed its own', async () => {
    const { run } = scripted({ kind: 'lost' }, { kind: 'completed' });
    await t.work(run, { concurrency: 2 });
    const lost = await t.submit('job_a');
    await stateIs('job_a', 'completed');
    await t.submit('job_b');
    await stateIs('job_b', 'completed');
    const held = await t.redis.zrange(t.cell.keys.sched('permits', t.lane), '0', '-1');
    expect(held).toEqual([`job_a.${lost.release}`]);
  });

  it('of again runs the same release again a second later; its permit stays its own', async () => {
    const { calls, run } = scripted({ kind: 'again' }, { kind: 'completed' });
    await t.work(run);
    const release = await t.submit('job_a');
    await stateIs('job_a', 'delayed');
    expect(await permits()).toBe(1);
    await stateIs('job_a', 'completed');
    expect(calls.map(({ release: number }) => number)).toEqual([release.release, release.release]);
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(900);
    expect(await permits()).toBe(0);
  });

  it('lets the tenant run in the other lanes where it waited for the permit', async () => {
    await t.takes(9, 'other');
    const { opened, open } = gate();
    await t.work(async () => {
      await opened;
      return { kind: 'completed' };
    });
    await t.submit('job_a', { runLimits: '1 1' });
    await stateIs('job_a', 'active');
    const there = await t.submit('job_b', { runLimits: '1 1', lane: 'other' });
    const { ready, scheduler } = t.queues;
    expect(await scheduler.counts('other')).toMatchObject({ waiting: 1, permits: 0 });
    open();
    await until('it is handed over', async () => (await ready.stateOf('other', there)) === 'held');
  });
});

describe('a run that throws', () => {
  it('is tried again a second later, and what it said stays out of BullMQ', async () => {
    let runs = 0;
    await t.work(() => {
      runs += 1;
      if (runs === 1) throw new Error('a secret prompt');
      return { kind: 'completed' };
    });
    await t.submit('job_a');
    await stateIs('job_a', 'delayed');
    expect(JSON.stringify(await t.entry('job_a'))).not.toContain('secret');
    await stateIs('job_a', 'completed');
    expect(runs).toBe(2);
  });
});

describe('the order', () => {
  it('is higher priority first, and first come first served within one', async () => {
    for (const [jobId, priority] of [
      ['job_low', -100],
      ['job_a', 0],
      ['job_b', 0],
      ['job_top', 100],
      ['job_c', 0],
      ['job_above', 1],
    ] as const) {
      await t.submit(jobId, { priority });
    }
    const { calls, run } = scripted({ kind: 'completed' });
    await t.work(run);
    await stateIs('job_low', 'completed');
    expect(calls.map(({ jobId }) => jobId)).toEqual(['job_top', 'job_above', 'job_a', 'job_b', 'job_c', 'job_low']);
  });

  it('runs the same release once, however often it is handed over', async () => {
    const { calls, run } = scripted({ kind: 'completed' });
    await Promise.all([t.work(run), t.work(run)]);
    const release = await t.submit('job_a');
    await Promise.all(Array.from({ length: 20 }, () => t.queues.ready.add(t.lane, [release])));
    await stateIs('job_a', 'completed');
    await t.queues.ready.add(t.lane, [release]);
    await t.submit('job_b');
    await stateIs('job_b', 'completed');
    expect(calls.map(({ jobId }) => jobId)).toEqual(['job_a', 'job_b']);
  });

  it('has as many at once as the worker may have', async () => {
    const { opened, open } = gate();
    let running = 0;
    let most = 0;
    await t.work(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await opened;
        running -= 1;
        return { kind: 'completed' };
      },
      { concurrency: 3 },
    );
    for (const jobId of ['job_a', 'job_b', 'job_c', 'job_d']) await t.submit(jobId);
    await until('three run', () => running === 3);
    open();
    await until('all are done', async () => (await t.board.getCompletedCount()) === 4);
    expect(most).toBe(3);
  });
});

describe('a lock', () => {
  it('is renewed when it is a quarter of its time old: BullMQ looks after half of that', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    await t.work(scripted({ kind: 'completed' }).run);
    const periods = timers.mock.calls.map(([, ms]) => ms);
    timers.mockRestore();
    expect(periods).toContain(LOCK_MS / 8);
  });
});

describe('a lost lock', () => {
  it('is reported to the run, which another worker then takes over', async () => {
    const lost: boolean[] = [];
    const { run, calls } = scripted({ kind: 'completed' });
    await t.work(async (release, lockLost) => {
      run(release);
      if (calls.length > 1) return { kind: 'completed' };
      await new Promise((resolve) => lockLost.addEventListener('abort', resolve));
      lost.push(lockLost.aborted);
      return { kind: 'lost' };
    });
    const release = await t.submit('job_a');
    await until('it runs', () => calls.length === 1);
    expect(await t.redis.del(lockOf(release))).toBe(1);
    await until('the run is told', () => lost.length === 1);
    await stateIs('job_a', 'completed');
    expect((await t.entry('job_a'))?.returnvalue).toBe('completed');
    expect(calls).toHaveLength(2);
  });
});

describe('drain', () => {
  it('takes no more, and waits for what is under way to be acknowledged', async () => {
    const { opened, open } = gate();
    const { calls, run } = scripted({ kind: 'completed' });
    const worker = await t.work(async (release) => {
      const outcome = run(release);
      await opened;
      return outcome;
    });
    await t.submit('job_a');
    await until('it runs', () => calls.length === 1);
    let drained = false;
    const draining = worker.drain().then(() => {
      drained = true;
    });
    await t.submit('job_b');
    expect([drained, await t.state('job_a')]).toEqual([false, 'active']);
    open();
    await draining;
    expect([await t.state('job_a'), await t.state('job_b')]).toEqual(['completed', 'unknown']);
    expect(calls).toHaveLength(1);
  });

  it('ends at once when nothing is under way, and may be asked for again', async () => {
    const worker = await t.work(() => ({ kind: 'completed' }));
    await worker.drain();
    await worker.drain();
  });
});

describe('abandon', () => {
  it('ends although a hanging job holds a drain up, and leaves that job to others', async () => {
    let running = false;
    const worker = await t.work(async () => {
      running = true;
      return new Promise<never>(() => undefined);
    });
    const release = await t.submit('job_a');
    await until('it runs', () => running);
    void worker.drain();
    await worker.abandon();
    expect(await t.state('job_a')).toBe('active');
    expect(await t.redis.exists(lockOf(release))).toBe(1);
    const { calls, run } = scripted({ kind: 'completed' });
    await t.work(run);
    // Its lock would take seconds to run out.
    await t.redis.del(lockOf(release));
    await stateIs('job_a', 'completed');
    expect(calls).toHaveLength(1);
  });
});

describe('the log', () => {
  function recorder() {
    const warnings: { message: string; fields: object }[] = [];
    const debugs: string[] = [];
    const logger = {
      debug: (_: object, message: string) => void debugs.push(message),
      info: () => undefined,
      error: () => undefined,
      warn: (fields: object, message: string) => void warnings.push({ message, fields }),
    };
    return { logger, warnings, debugs };
  }

  it('has at most one line a second about failures', async () => {
    const { logger, warnings } = recorder();
    let runs = 0;
    await t.work(
      () => {
        runs += 1;
        throw new Error('Redis is full');
      },
      { logger, concurrency: 4 },
    );
    for (const jobId of ['job_a', 'job_b', 'job_c', 'job_d']) await t.submit(jobId);
    await until('all have run', () => runs >= 4);
    await until('there is a line', () => warnings.length > 0);
    expect(warnings.length).toBeLessThan(4);
    expect(warnings[0]).toMatchObject({ message: 'attempt threw', fields: { lane: t.lane, error: expect.anything() } });
  });

  it('has no error of the queue for a lost lock, at its renewal or at the acknowledgement', async () => {
    const { logger, warnings, debugs } = recorder();
    const worker = await t.work(
      async (release, lockLost) => {
        const lost = new Promise((resolve) => lockLost.addEventListener('abort', resolve));
        await t.redis.del(lockOf(release));
        await lost;
        return { kind: 'lost' };
      },
      { logger },
    );
    await t.submit('job_a');
    await until('both are seen', () => debugs.length >= 2);
    await worker.abandon();
    expect(new Set(debugs)).toEqual(new Set(['the lock of a job is lost']));
    expect(warnings).toEqual([]);
  });
});
