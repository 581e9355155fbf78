/**
 * Runs a switch, and shows whether the run fails for the switch's own reason. What a fault hits is partly luck: a run that
 * stays green is repeated with the next seed, three runs in all.
 */
import { exceeded } from '../../flow/scenarios/scenario.ts';
import type { Violation } from '../run/check-run.ts';
import { runFault } from '../run/run-fault.ts';
import { doseOf } from '../trials/sizes.ts';
import type { FaultSwitch } from './fault-switches.ts';
import { playScenario } from './play-scenario.ts';
import type { ScenarioSwitch } from './scenario-switches.ts';

export type SafetySwitch = FaultSwitch | ScenarioSwitch;

const MAX_TRIES = 3;

interface TryResult {
  /** The fault, or the scenario. */
  under: string;
  /** The expected promise was violated. */
  red: boolean;
  /** What was seen, in a few words. */
  seen: string;
}

export interface SwitchResult extends TryResult {
  broken: SafetySwitch;
  tries: number;
}

export async function runSwitch(broken: SafetySwitch, firstSeed: number): Promise<SwitchResult> {
  for (let tries = 1; ; tries++) {
    const result = 'fault' in broken ? await tryFault(broken, firstSeed + tries - 1) : await tryScenario(broken);
    if (result.red || tries === MAX_TRIES) return { broken, tries, ...result };
  }
}

async function tryFault(broken: FaultSwitch, seed: number): Promise<TryResult> {
  const { fault, load, expected } = broken;
  const dose = { ...doseOf(fault, 'usual'), load };
  const { violations } = await runFault(fault, { seed, dose, broken });
  const red = violations.some(({ kind }) => kind === expected);
  return { under: fault.name, red, seen: `${countKinds(violations)} (seed ${seed})` };
}

async function tryScenario(broken: ScenarioSwitch): Promise<TryResult> {
  const { scenario, expected } = broken;
  const counts = await playScenario(broken);
  const red = exceeded(scenario, counts).includes(expected);
  const numbers = Object.entries(scenario.most).map(([name, bound]) => `${name} ${counts[name]}, ${bound} at most`);
  return { under: scenario.name, red, seen: numbers.join('; ') };
}

/** For example `3 × lost, 1 × not ended`. */
export function countKinds(violations: readonly Violation[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of violations) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} × ${kind}`).join(', ') || 'nothing';
}
