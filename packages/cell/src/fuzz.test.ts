import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenCell, openTestCell } from '../testing/cell.ts';
import {
  argumentsOf,
  type BusyCell,
  changedKeys,
  endAll,
  fill,
  oddNumbers,
  restore,
  type ScriptName,
  type Snapshot,
  snapshot,
  type Trial,
  trialsOf,
} from '../testing/fuzz.ts';
import { scripts } from './scripts/index.ts';

let t: OpenCell;
let busy: BusyCell;
let full: Snapshot;
beforeAll(async () => {
  t = await openTestCell();
  busy = await fill(t);
  full = await snapshot(t);
});
afterAll(() => t.close());

const names = Object.keys(scripts) as ScriptName[];

/** What a script does with arguments that nobody should give it. */
async function problemsOf(name: ScriptName, { what, args }: Trial): Promise<string[]> {
  await restore(t, full);
  const problems: string[] = [];
  try {
    const reply = await scripts[name].run(t.cell, args);
    if (typeof reply === 'number' && !(reply >= 0 && Number.isSafeInteger(reply))) problems.push(`it says ${reply}`);
  } catch (error) {
    const changed = changedKeys(full, await snapshot(t));
    if (changed.length > 0) problems.push(`${(error as Error).message}, after it has changed ${changed}`);
  }
  problems.push(...(await t.problems()), ...(await oddNumbers(t)));
  try {
    const { nextMs } = await t.dispatch();
    const waitMs = (await scripts.acquireCall.run(t.cell, ['default', 1])) as number;
    const inTime = nextMs >= -1 && nextMs <= 1e12 && waitMs >= 0 && waitMs <= 1e12;
    if (!inTime) problems.push(`the lane waits for ${nextMs} or ${waitMs} ms`);
    await endAll(t);
    const left = await Promise.all(['acme', 'b'].map((tenant) => t.reserved(tenant)));
    if (left.some((amount) => amount !== 0)) problems.push(`${left} stay reserved`);
  } catch (error) {
    problems.push(`nothing can be ended any more: ${(error as Error).message}`);
  }
  return problems.map((problem) => `${name}, ${what}: ${problem}`);
}

describe('a script with a number that it can’t hold', () => {
  it('covers every script', () => {
    expect(Object.keys(argumentsOf).sort()).toEqual([...names].sort());
  });

  it('that it can hold does its work on a cell that is sound', async () => {
    expect(await t.problems()).toEqual([]);
    for (const name of names) {
      await restore(t, full);
      await scripts[name].run(t.cell, argumentsOf[name](t, busy));
      expect([name, await t.problems()]).toEqual([name, []]);
    }
  });

  it.each(names)('works, or fails before its first write; the sums hold, and jobs can end: %s', async (name) => {
    const problems: string[] = [];
    for (const trial of trialsOf(argumentsOf[name](t, busy))) problems.push(...(await problemsOf(name, trial)));
    expect(problems).toEqual([]);
  });
});
