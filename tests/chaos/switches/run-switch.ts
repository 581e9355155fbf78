/**
 * Shows that a switch turns a run red, and for its own reason. What a fault meets is partly luck: a run that stays green is
 * made again with the next seed, three times in all.
 */
import { exceeded } from '../../flow/scenarios/scenario.ts';
import type { Breakage } from '../run/check-run.ts';
import { runFault } from '../run/run-fault.ts';
import { doseOf } from '../trials/sizes.ts';
import type { Switch } from './fault-switches.ts';
import { playScenario } from './play-scenario.ts';
import type { PromiseSwitch } from './scenario-switches.ts';

const MOST_TRIES = 3;

interface Sight {
  /** The fault, or the scenario. */
  under: string;
  red: boolean;
  /** In a few words. */
  seen: string;
}

/** What became of a switch. */
export interface Sighting extends Sight {
  broken: Switch | PromiseSwitch;
  tries: number;
}

export async function seeRed(broken: Switch | PromiseSwitch, firstSeed: number): Promise<Sighting> {
  for (let tries = 1; ; tries++) {
    const sight = 'fault' in broken ? await tryFault(broken, firstSeed + tries - 1) : await tryScenario(broken);
    if (sight.red || tries === MOST_TRIES) return { broken, tries, ...sight };
  }
}

async function tryFault(broken: Switch, seed: number): Promise<Sight> {
  const { fault, load, expected } = broken;
  const dose = { ...doseOf(fault, 'usual'), load };
  const { broken: breakages } = await runFault(fault, { seed, dose, broken });
  const red = breakages.some(({ kind }) => kind === expected);
  return { under: fault.name, red, seen: `${countKinds(breakages)} (seed ${seed})` };
}

async function tryScenario(broken: PromiseSwitch): Promise<Sight> {
  const { scenario, expected } = broken;
  const counts = await playScenario(broken);
  const red = exceeded(scenario, counts).includes(expected);
  const numbers = Object.entries(scenario.most).map(([name, bound]) => `${name} ${counts[name]}, ${bound} at most`);
  return { under: scenario.name, red, seen: numbers.join('; ') };
}

/** As `3 × lost, 1 × not ended`. */
export function countKinds(breakages: readonly Breakage[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of breakages) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} × ${kind}`).join(', ') || 'nothing';
}
