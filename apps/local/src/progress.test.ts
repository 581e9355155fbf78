import { describe, expect, it } from '@jest/globals';
import { Progress } from '../progress.mjs';
import { until } from '../testing/processes.ts';

/** A stream that records what a terminal or a file would get. */
function output(terminal?: { columns: number }) {
  const written: string[] = [];
  const stream = { isTTY: terminal !== undefined, ...terminal, write: (text: string) => void written.push(text) };
  return {
    stream,
    text: () => written.join(''),
    /** The lines as a terminal shows them: each `\r` with a clearing code rewrites the line. */
    shown: () =>
      written
        .join('')
        .split('\n')
        .map((line) => line.split('\r\u001b[K').at(-1) ?? ''),
  };
}

describe('progress', () => {
  it('in a log is one line when a step begins and one when it ends, without control characters', async () => {
    const { stream, text } = output();
    const progress = new Progress({ total: 3, stream });
    progress.skip('Packages are installed');
    expect(await progress.step('Building', async () => 'made', 'a second')).toBe('made');
    progress.say('a line between');
    await progress.step('Starting', async () => undefined);
    expect(text().replace(/\d\.\d s/g, 'N s')).toBe(
      [
        '1/3 Packages are installed',
        '2/3 Building (a second) …',
        '    done in N s',
        'a line between',
        '3/3 Starting …',
        '    done in N s',
        '',
      ].join('\n'),
    );
  });

  it('goes on from the number where another program has stopped', async () => {
    const { stream, text } = output();
    await new Progress({ total: 4, first: 3, stream }).step('Starting', async () => undefined);
    expect(text()).toMatch(/^3\/4 Starting …\n/);
  });

  it('shows how long a failed step took, and rejects with its error', async () => {
    const { stream, text } = output();
    const error = new Error('no network');
    const failing = new Progress({ total: 1, stream }).step('Installing', () => Promise.reject(error));
    await expect(failing).rejects.toBe(error);
    expect(text()).toMatch(/^1\/1 Installing …\n {4}failed after \d+\.\d s\n$/);
  });

  // 0: a terminal that doesn't know its width.
  it.each([80, 0])(
    'on a terminal of %i columns counts the seconds in the line of the step, and leaves one line',
    async (columns) => {
      const { stream, shown } = output({ columns });
      const progress = new Progress({ total: 1, stream });
      await progress.step(
        'Installing',
        () => until('a second is shown', () => /^1\/1 Installing \(long\) … [1-9] s$/.test(shown()[0] ?? '')),
        'long',
      );
      expect(shown()).toEqual([expect.stringMatching(/^1\/1 Installing … done in \d\.\d s$/), '']);
    },
  );

  it('on a terminal writes other lines above the line of the step, and makes no line wider than the terminal', async () => {
    const { stream, shown } = output({ columns: 12 });
    const progress = new Progress({ total: 1, stream });
    await progress.step('Installing packages', async () => {
      progress.say('unpacking Redis');
      expect(shown()).toEqual(['unpacking Redis', '1/1 Install']);
    });
    expect(shown()[0]).toBe('unpacking Redis');
  });
});
