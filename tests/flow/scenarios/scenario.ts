/**
 * A promise as it is seen from outside: played on an intact stack by a test of `tests/flow`, on a broken one by the switch of
 * `tests/chaos/switches/scenario-switches.ts` that must be seen to break it. A file for each.
 */
import type { JournalProbe } from '../../stack/journal-probe.ts';
import type { Stack, StackOptions } from '../../stack/stack.ts';

export interface Stage {
  stack: Stack;
  probe: JournalProbe;
}

export type Counts = Readonly<Record<string, number>>;

export interface Scenario {
  name: string;
  /** What it needs of the stack it is played on. */
  stack: StackOptions;
  /** The promise: of each of these no more is counted. */
  most: Counts;
  /** By the simulator's own counts, where it has them. */
  play(stage: Stage): Promise<{ counts: Counts }>;
}

/** Of what more was counted than may be: nothing, where the promise was kept. */
export function exceeded({ most }: Pick<Scenario, 'most'>, counts: Counts): string[] {
  return Object.entries(most).flatMap(([name, bound]) => {
    const count = counts[name] ?? Number.NaN;
    if (Number.isNaN(count)) throw new Error(`${name} was not counted`);
    return count > bound ? [name] : [];
  });
}
