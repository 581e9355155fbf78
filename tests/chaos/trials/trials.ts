/** What a chaos run consists of: faults, under which the promises must hold; switches, which must violate them; and plain BullMQ. */
import { measurePeer, peerFaults } from '../../../bench/peers/bullmq.ts';
import type { Fault } from '../faults/fault.ts';
import { faults } from '../faults/index.ts';
import { runFault } from '../run/run-fault.ts';
import { faultSwitches } from '../switches/fault-switches.ts';
import { countKinds, runSwitch, type SafetySwitch, type SwitchResult } from '../switches/run-switch.ts';
import { scenarioSwitches } from '../switches/scenario-switches.ts';
import { type Row, rowOf, rowOfSkipped } from './report.ts';
import { doseOf, type Size } from './sizes.ts';

export interface Findings {
  /** In a few words. */
  summary: string;
  /** This machine can't have the fault: the trial neither passed nor failed. */
  skipped?: boolean;
  /** Why the trial failed, one sentence each; empty when it passed. */
  failures: string[];
  row?: Row;
  switchResult?: SwitchResult;
}

export interface Trial {
  /** The value of `--only`. */
  name: string;
  kind: 'fault' | 'switch' | 'peer';
  run(): Promise<Findings>;
}

/** A part of the switches: each `count`-th, from the `index`-th on, which counts from 1. */
export interface Shard {
  index: number;
  count: number;
}

export interface TrialOptions {
  seed: number;
  size: Size;
  /** Replaces each dose's own number of jobs. Switches keep theirs: they need them. */
  jobs: number | undefined;
  shard: Shard;
}

function doseFor(fault: Fault, { size, jobs }: TrialOptions) {
  const dose = doseOf(fault, size);
  return jobs === undefined ? dose : { ...dose, load: { ...dose.load, jobs } };
}

async function tryFault(fault: Fault, options: TrialOptions): Promise<Findings> {
  const missing = fault.unavailable?.() ?? null;
  if (missing !== null)
    return { summary: `NOT RUN: ${missing}`, skipped: true, failures: [], row: rowOfSkipped(fault, missing) };
  const result = await runFault(fault, { seed: options.seed, dose: doseFor(fault, options) });
  const { violations, acknowledged, injections } = result;
  const held = violations.length === 0 ? 'all promises held' : `VIOLATED: ${countKinds(violations)}`;
  const summary = `${acknowledged} jobs, injected ${injections} times: ${held}`;
  return { summary, failures: violations.map(({ sentence }) => sentence), row: rowOf(result) };
}

async function trySwitch(broken: SafetySwitch, { seed }: TrialOptions): Promise<Findings> {
  const switchResult = await runSwitch(broken, seed);
  const { under, red, tries, seen } = switchResult;
  const summary = `${red ? 'red' : 'NOT RED'} with ${under} at try ${tries}: ${seen}`;
  const missed = `${broken.name}: expected ${broken.expected} under ${under}, saw ${seen}`;
  return { summary, failures: red ? [] : [missed], switchResult };
}

/** Never in the long form: BullMQ needs a minute for each job that is hit, and the usual form shows the same. */
async function tryPeer(fault: Fault, options: TrialOptions): Promise<Findings> {
  const row = await measurePeer({ fault, dose: doseFor(fault, { ...options, size: 'usual' }), seed: options.seed });
  return { summary: 'measured', failures: [], row };
}

export function allTrials(options: TrialOptions): Trial[] {
  const { index, count } = options.shard;
  const switches = [...faultSwitches, ...scenarioSwitches].filter((_, at) => at % count === index - 1);
  return [
    ...faults.flatMap((fault): Trial[] => [
      { name: fault.name, kind: 'fault', run: () => tryFault(fault, options) },
      ...(peerFaults.includes(fault)
        ? [{ name: `peer-${fault.name}`, kind: 'peer' as const, run: () => tryPeer(fault, options) }]
        : []),
    ]),
    ...switches.map((broken): Trial => ({ name: broken.name, kind: 'switch', run: () => trySwitch(broken, options) })),
  ];
}
