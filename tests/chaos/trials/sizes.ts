/**
 * How much of each fault a run has:
 *
 *   usual  the fault's own dose, about half a minute
 *   short  ten seconds of it, or as long as the first injection needs; for CI
 *   long   the fault's long dose, where it has one
 */
import type { Dose, Fault } from '../faults/fault.ts';

export type Size = 'usual' | 'short' | 'long';

const SHORT_SECONDS = 10;

export function doseOf({ load, every, holdMs, long }: Fault, size: Size): Dose {
  const usual: Dose = { load, every, ...(holdMs === undefined ? {} : { holdMs }) };
  if (size === 'long') return { ...usual, ...long };
  if (size === 'usual') return usual;
  const seconds = Math.max(SHORT_SECONDS, every[1] / 1_000 + 1);
  return { ...usual, load: { ...load, jobs: Math.min(load.jobs, Math.ceil(load.perSecond * seconds)) } };
}
