/** What counts as an interruption of a job, and what doesn't. */
import { describe, expect, it } from '@jest/globals';
import { until } from '../../stack/stack.ts';
import { type JobProgress, Watch } from './watch.ts';

const READ_MS = 50;

/** Gives a watch one reading of a job after the other. Returns the recovery times that it measured. */
async function recoveryTimesOf(readings: [run: number, progress: number][], markAt?: number): Promise<number[]> {
  let at = 0;
  const read = async (ids: readonly string[]): Promise<(JobProgress | null)[]> => {
    if (at === markAt) watch.markAll();
    const [run = 0, progress = 0] = readings[at] ?? [];
    at += 1;
    return ids.map(() => ({ run, progress, ended: at > readings.length }));
  };
  const watch = new Watch({ read, preamble: 1 });
  watch.add('job');
  watch.start();
  await until('the job ends', () => watch.open === 0);
  await watch.stop();
  return watch.recoveryTimesMs;
}

describe('a watch', () => {
  it('measures nothing where one run ends the job, however slowly', async () => {
    expect(
      await recoveryTimesOf([
        [0, 1],
        [1, 2],
        [1, 2],
        [1, 2],
        [1, 5],
      ]),
    ).toEqual([]);
  });

  it('measures from the last progress of one run to the first that the next run stores after it has begun', async () => {
    const [time = 0, ...more] = await recoveryTimesOf([
      [1, 5],
      [1, 5],
      [1, 5],
      [2, 6],
      [2, 6],
      [2, 7],
    ]);
    expect(more).toEqual([]);
    expect(time).toBeGreaterThanOrEqual(5 * READ_MS - 10);
  });

  it('measures two runs that died before they stored anything as one interruption', async () => {
    const times = await recoveryTimesOf([
      [1, 5],
      [2, 6],
      [3, 6],
      [3, 7],
    ]);
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThanOrEqual(3 * READ_MS - 10);
  });

  it('measures from a mark to the next progress, of jobs that had begun', async () => {
    expect(
      await recoveryTimesOf(
        [
          [1, 5],
          [1, 5],
          [1, 5],
          [1, 6],
        ],
        1,
      ),
    ).toHaveLength(1);
    expect(
      await recoveryTimesOf(
        [
          [0, 1],
          [0, 1],
          [1, 2],
          [1, 6],
        ],
        1,
      ),
    ).toEqual([]);
  });
});
