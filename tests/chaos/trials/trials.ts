/** What a chaos run is made of: faults that the promises must outlive, switches that must break them, and the peer. */
import { measurePeer, peerFaults } from '../../../bench/peers/bullmq.ts';
import type { Fault } from '../faults/fault.ts';
import { faults } from '../faults/index.ts';
import { runFault } from '../run/run-fault.ts';
import { type Switch, switches } from '../switches/fault-switches.ts';
import { countKinds, type Sighting, seeRed } from '../switches/run-switch.ts';
import { type PromiseSwitch, promiseSwitches } from '../switches/scenario-switches.ts';
import { type Row, rowOf, rowOfSkipped } from './report.ts';
import { doseOf, type Size } from './sizes.ts';

export interface Findings {
  /** In a few words. */
  verdict: string;
  /** It can't be made on this machine: neither passed nor failed. */
  skipped?: boolean;
  /** What went against what is promised, a sentence each. */
  broken: string[];
  row?: Row;
  sighting?: Sighting;
}

export interface Trial {
  /** As given to `--only`. */
  name: string;
  kind: 'fault' | 'switch' | 'peer';
  run(): Promise<Findings>;
}

export interface TrialOptions {
  seed: number;
  size: Size;
  /** Instead of each dose's own number; not of switches, whose numbers are what they need. */
  jobs: number | undefined;
}

function doseFor(fault: Fault, { size, jobs }: TrialOptions) {
  const dose = doseOf(fault, size);
  return jobs === undefined ? dose : { ...dose, load: { ...dose.load, jobs } };
}

async function tryFault(fault: Fault, options: TrialOptions): Promise<Findings> {
  const missing = fault.whyNotHere?.() ?? null;
  if (missing !== null)
    return { verdict: `NOT RUN: ${missing}`, skipped: true, broken: [], row: rowOfSkipped(fault, missing) };
  const outcome = await runFault(fault, { seed: options.seed, dose: doseFor(fault, options) });
  const kept = outcome.broken.length === 0 ? 'kept' : `BROKEN: ${countKinds(outcome.broken)}`;
  const verdict = `${outcome.acknowledged} jobs, injected ${outcome.injections} times: ${kept}`;
  return { verdict, broken: outcome.broken.map(({ sentence }) => sentence), row: rowOf(outcome) };
}

async function trySwitch(broken: Switch | PromiseSwitch, { seed }: TrialOptions): Promise<Findings> {
  const sighting = await seeRed(broken, seed);
  const { under, red, tries, seen } = sighting;
  const verdict = `${red ? 'red' : 'NOT RED'} with ${under} at try ${tries}: ${seen}`;
  const missed = `${broken.name}: ${broken.expected} was to be seen under ${under}, not ${seen}`;
  return { verdict, broken: red ? [] : [missed], sighting };
}

/** Never in the long form: it needs a minute for each job that is hit, and shows as much in the usual one. */
async function tryPeer(fault: Fault, options: TrialOptions): Promise<Findings> {
  const row = await measurePeer({ fault, dose: doseFor(fault, { ...options, size: 'usual' }), seed: options.seed });
  return { verdict: 'measured', broken: [], row };
}

export function allTrials(options: TrialOptions): Trial[] {
  return [
    ...faults.flatMap((fault): Trial[] => [
      { name: fault.name, kind: 'fault', run: () => tryFault(fault, options) },
      ...(peerFaults.includes(fault)
        ? [{ name: `peer-${fault.name}`, kind: 'peer' as const, run: () => tryPeer(fault, options) }]
        : []),
    ]),
    ...[...switches, ...promiseSwitches].map(
      (broken): Trial => ({ name: broken.name, kind: 'switch', run: () => trySwitch(broken, options) }),
    ),
  ];
}
