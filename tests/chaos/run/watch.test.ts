/** What counts as an interruption of a job, and what doesn't. */
import { describe, expect, it } from '@jest/globals';
import { until } from '../../stack/stack.ts';
import { type JobProgress, Watch } from './watch.ts';

const READ_MS = 50;

type Reading = [run: number, progress: number];

/** A watch of one job that gets one reading after the other, and finds the job ended with the last. */
function watchOf(readings: readonly Reading[]) {
  let at = 0;
  const read = async (ids: readonly string[]): Promise<(JobProgress | null)[]> => {
    const [run, progress] = readings[Math.min(at, readings.length - 1)] ?? [0, 0];
    at += 1;
    return ids.map(() => ({ run, progress, ended: at >= readings.length }));
  };
  const watch = new Watch({ read, preamble: 1 });
  watch.add('job');
  return watch;
}

/** @returns the recovery times that it measured */
async function timesOf(watch: Watch): Promise<number[]> {
  watch.start();
  await until('the job ends', () => watch.open === 0);
  await watch.stop();
  return watch.recoveryTimesMs;
}

/** Marks the job at the first reading. */
async function timesFromMark(readings: readonly Reading[]): Promise<number[]> {
  const watch = watchOf(readings);
  await watch.markAll();
  return timesOf(watch);
}

describe('a watch', () => {
  it('measures nothing where one run ends the job, however slowly', async () => {
    expect(
      await timesOf(
        watchOf([
          [0, 1],
          [1, 2],
          [1, 2],
          [1, 2],
          [1, 5],
        ]),
      ),
    ).toEqual([]);
  });

  it('measures from the last progress of one run to the first that the next run stores after it has begun', async () => {
    const [time = 0, ...more] = await timesOf(
      watchOf([
        [1, 5],
        [1, 5],
        [1, 5],
        [2, 6],
        [2, 6],
        [2, 7],
      ]),
    );
    expect(more).toEqual([]);
    expect(time).toBeGreaterThanOrEqual(5 * READ_MS - 10);
  });

  it('measures two runs that died before they stored anything as one interruption', async () => {
    const times = await timesOf(
      watchOf([
        [1, 5],
        [2, 6],
        [3, 6],
        [3, 7],
      ]),
    );
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThanOrEqual(3 * READ_MS - 10);
  });

  it('measures from a mark to the next progress, of jobs that had begun', async () => {
    const times = await timesFromMark([
      [1, 5],
      [1, 5],
      [1, 5],
      [1, 6],
    ]);
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThanOrEqual(2 * READ_MS - 10);
    expect(
      await timesFromMark([
        [0, 1],
        [0, 1],
        [1, 2],
        [1, 6],
      ]),
    ).toEqual([]);
  });

  it('marks no job that has ended since the last read', async () => {
    const watch = watchOf([
      [1, 5],
      [1, 6],
    ]);
    watch.start();
    // The first read is over before the first turn of the event loop.
    await new Promise(setImmediate);
    await watch.markAll();
    expect(await timesOf(watch)).toEqual([]);
  });
});
