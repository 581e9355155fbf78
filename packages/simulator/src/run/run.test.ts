import { describe, expect, it, jest } from '@jest/globals';
import { Run } from './run.ts';

function newRun(detached: boolean) {
  const onReaderLeft = jest.fn();
  const nothing = () => undefined;
  return {
    onReaderLeft,
    run: new Run({
      detached,
      holdAt: null,
      pause: null,
      toBody: () => ({}),
      onTokens: nothing,
      onReaderLeft,
      onEnd: nothing,
    }),
  };
}

async function readAndLeave(run: Run): Promise<void> {
  const gone = new AbortController();
  const reading = run.read(0, gone.signal).next();
  gone.abort();
  await reading;
}

describe('the readers of a run', () => {
  it('are counted when they leave an answer that continues without them', async () => {
    const { run, onReaderLeft } = newRun(true);
    await readAndLeave(run);
    expect(onReaderLeft).toHaveBeenCalledTimes(1);
  });

  it('are not counted when the answer is stopped with its connection, or has ended', async () => {
    const attached = newRun(false);
    await readAndLeave(attached.run);
    const ended = newRun(true);
    ended.run.start(async () => 'completed');
    await ended.run.ended;
    await readAndLeave(ended.run);
    expect([attached, ended].map(({ onReaderLeft }) => onReaderLeft.mock.calls.length)).toEqual([0, 0]);
  });
});
