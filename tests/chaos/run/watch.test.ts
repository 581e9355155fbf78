/** What counts as a silence, and what doesn't. */
import { describe, expect, it } from '@jest/globals';
import { until } from '../../stack/stack.ts';
import { type Sight, Watch } from './watch.ts';

const LOOK_MS = 50;

/** Lets a watch see one sight after the other of one job, and returns what it measured. */
async function silencesOf(sights: [run: number, progress: number][], markAt?: number): Promise<number[]> {
  let at = 0;
  const look = async (ids: readonly string[]): Promise<(Sight | null)[]> => {
    if (at === markAt) watch.mark();
    const [run = 0, progress = 0] = sights[at] ?? [];
    at += 1;
    return ids.map(() => ({ run, progress, ended: at > sights.length }));
  };
  const watch = new Watch({ look, preamble: 1 });
  watch.add('job');
  watch.start();
  await until('the job ends', () => watch.open === 0);
  await watch.stop();
  return watch.silences;
}

describe('a watch', () => {
  it('measures nothing of a job that one run ends, however slowly', async () => {
    expect(
      await silencesOf([
        [0, 1],
        [1, 2],
        [1, 2],
        [1, 2],
        [1, 5],
      ]),
    ).toEqual([]);
  });

  it('measures from the last progress of one run to what the next one stores after its beginning', async () => {
    const [silence = 0, ...more] = await silencesOf([
      [1, 5],
      [1, 5],
      [1, 5],
      [2, 6],
      [2, 6],
      [2, 7],
    ]);
    expect(more).toEqual([]);
    expect(silence).toBeGreaterThanOrEqual(5 * LOOK_MS - 10);
  });

  it('measures two runs that died before they stored anything as one silence', async () => {
    const silences = await silencesOf([
      [1, 5],
      [2, 6],
      [3, 6],
      [3, 7],
    ]);
    expect(silences).toHaveLength(1);
    expect(silences[0]).toBeGreaterThanOrEqual(3 * LOOK_MS - 10);
  });

  it('measures from a mark to the next progress of a job that had begun', async () => {
    expect(
      await silencesOf(
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
      await silencesOf(
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
