/**
 * Shows that a switch of `break-safety.ts` turns a run red, and for its own reason. What a fault meets is partly luck: a
 * run that stays green is made again with the next seed, three times in all.
 */
import type { Switch } from './break-safety.ts';
import type { Breakage } from './judge.ts';
import { runFault } from './run-fault.ts';
import { doseOf } from './sizes.ts';

const MOST_TRIES = 3;

/** What became of a switch. */
export interface Sighting {
  broken: Switch;
  red: boolean;
  tries: number;
  /** Of the last try. */
  seed: number;
  breakages: Breakage[];
}

export async function seeRed(broken: Switch, firstSeed: number): Promise<Sighting> {
  const { fault, load, expected } = broken;
  const dose = { ...doseOf(fault, 'usual'), load };
  for (let tries = 1; ; tries++) {
    const seed = firstSeed + tries - 1;
    const { broken: breakages } = await runFault(fault, { seed, dose, broken });
    const red = breakages.some(({ kind }) => kind === expected);
    if (red || tries === MOST_TRIES) return { broken, red, tries, seed, breakages };
  }
}

/** As `3 × lost, 1 × not ended`. */
export function countKinds(breakages: readonly Breakage[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of breakages) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} × ${kind}`).join(', ') || 'nothing';
}
