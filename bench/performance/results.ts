/** The stored results: one entry for each row. Each has its own commit and date, because rows are measured separately. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Machine } from '../machine.ts';
import type { Spread } from '../statistics.ts';
import { type Curve, type Goal, isMet, type Measured, type Repetition, type Row, spreadOfFigure } from './row.ts';

export interface FigureResult {
  title: string;
  peer: string;
  unit: string;
  goal: Goal | null;
  spread: Spread;
  /** null: the figure has no goal. */
  met: boolean | null;
}

export interface RowResult {
  title: string;
  date: string;
  commit: string;
  machine: Machine;
  /** Loads and durations were too small for useful figures. */
  quick: boolean;
  /** The largest loads were measured too. */
  long: boolean;
  load: string;
  figures: FigureResult[];
  /** What the guard compares with: medians by the figure's title, measured in the guard's way. */
  guard: Record<string, number>;
  repetitions: Repetition[];
  curves: Curve[];
}

/** By the row's name. */
export type Results = Record<string, RowResult>;

export interface Origin {
  commit: string;
  machine: Machine;
  quick: boolean;
  long: boolean;
}

export function resultOf(
  row: Row,
  { load, repetitions, curves = [] }: Measured,
  guard: Record<string, number>,
  origin: Origin,
): RowResult {
  const measured = row.figures.filter(({ isLong = false }) => origin.long || !isLong);
  const figures = measured.map((figure): FigureResult => {
    const { title, peer, unit, goal = null } = figure;
    const spread = spreadOfFigure(figure, repetitions);
    return { title, peer, unit, goal, spread, met: goal && isMet(goal, spread.median) };
  });
  const date = new Date().toISOString().slice(0, 10);
  return { title: row.title, date, ...origin, load, figures, guard, repetitions: repetitions.map(rounded), curves };
}

/** Rounds to six digits. More would mean nothing, and make the file large. */
function rounded(repetition: Repetition): Repetition {
  const entries = Object.entries(repetition).map(([subject, turn]) => [
    subject,
    Object.fromEntries(Object.entries(turn).map(([name, value]) => [name, Number(value.toPrecision(6))])),
  ]);
  return Object.fromEntries(entries) as Repetition;
}

/** Returns an empty object if nothing was measured yet. */
export function readResults(file: string): Results {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
