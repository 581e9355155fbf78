import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Deadlines } from './deadlines.ts';

describe('deadlines', () => {
  it('are called once each, in their order, never early', async () => {
    const deadlines = new Deadlines();
    const began = performance.now();
    const called: { ms: number; after: number }[] = [];
    for (const ms of [450, 0, 250, 120]) {
      deadlines.after(ms, () => called.push({ ms, after: performance.now() - began }));
    }
    for (const end = began + 10_000; called.length < 4 && performance.now() < end; ) await delay(20);
    await delay(300);
    expect(called.map(({ ms }) => ms)).toEqual([0, 120, 250, 450]);
    for (const { ms, after } of called) expect(after).toBeGreaterThanOrEqual(ms);
  });

  it('that are called off never come, and others of the same moment do', async () => {
    const deadlines = new Deadlines();
    const called: string[] = [];
    const callOff = deadlines.after(50, () => called.push('off'));
    deadlines.after(50, () => called.push('on'));
    callOff();
    for (const end = performance.now() + 10_000; called.length === 0 && performance.now() < end; ) await delay(20);
    await delay(200);
    expect(called).toEqual(['on']);
    // The timer has ended meanwhile, and begins again.
    deadlines.after(10, () => called.push('again'));
    for (const end = performance.now() + 10_000; called.length === 1 && performance.now() < end; ) await delay(20);
    expect(called).toEqual(['on', 'again']);
  });
});
