import { describe, expect, it } from '@jest/globals';
import { Run } from './run.ts';
import { RunStore, type StoredRun } from './run-store.ts';

const nothing = () => undefined;

function createRun(): Run {
  return new Run({
    detached: true,
    holdAt: null,
    pause: null,
    toBody: () => ({}),
    onTokens: nothing,
    onReaderLeft: nothing,
    onEnd: nothing,
  });
}

/** Keeps a run and ends it. */
async function keepEnded(store: RunStore<StoredRun>, name: string, size = 0): Promise<void> {
  const run = createRun();
  const kept = store.store(name, { run });
  run.size = size;
  run.start(async () => 'completed');
  await kept;
}

describe('the store of runs', () => {
  it('keeps 20,000 that have ended, the newest', async () => {
    const store = new RunStore(() => 0);
    for (let at = 0; at <= 20_000; at++) await keepEnded(store, `${at}`);
    expect(store.get('0')).toBeUndefined();
    expect(store.get('1')).toBeDefined();
    expect(store.size).toBe(20_000);
  });

  it('keeps one that has ended for 10 minutes, and one that runs for as long as it does', async () => {
    let now = 0;
    const store = new RunStore(() => now);
    const run = createRun();
    const kept = store.store('running', { run });
    run.start(async () => {
      for await (const _ of run.paceTokens(1, { ttftMs: 1e6, itlMs: 0 }));
      return 'completed';
    });
    await keepEnded(store, 'ended');
    now = 600_000 - 1;
    expect(store.get('ended')).toBeDefined();
    now = 600_000;
    expect(store.get('ended')).toBeUndefined();
    expect(store.get('running')).toBeDefined();
    run.stop('aborted');
    await kept;
    expect(store.get('running')).toBeUndefined();
  });

  it('lets the oldest go when all are too large together', async () => {
    const store = new RunStore(() => 0);
    for (const name of ['a', 'b', 'c']) await keepEnded(store, name, 90_000_000);
    expect(store.get('a')).toBeUndefined();
    expect(store.get('c')).toBeDefined();
  });
});
