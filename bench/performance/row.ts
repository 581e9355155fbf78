/** A row of the table: how it is measured, and which figures are made from the measurements. */
import { type Spread, spreadOf } from '../statistics.ts';

/** The values that were measured of one subject in one turn, by name. */
export type Turn = Readonly<Record<string, number>>;

/** One turn of each subject, by its name. The turns came right after one another. */
export type Repetition = Readonly<Record<string, Turn>>;

export interface Goal {
  atLeast?: number;
  atMost?: number;
}

export interface Figure {
  /** Unique in its row. */
  title: string;
  /** What it is compared with, as text. */
  peer: string;
  /** Follows the number: '×', ' ms'. */
  unit: string;
  /** Default: none. Then the figure is only shown. */
  goal?: Goal;
  /** Measured with `--long` only. Default false. */
  isLong?: boolean;
  of(repetition: Repetition): number;
}

/** How one value grows with another. */
export interface Curve {
  /** File name of its plot, without the ending. */
  name: string;
  title: string;
  x: string;
  y: string;
  lines: { subject: string; points: { x: number; y: number }[] }[];
}

export interface Measured {
  /** The load, as text for the page. */
  load: string;
  repetitions: Repetition[];
  curves?: Curve[];
}

/** How much is measured. */
export interface Scale {
  repetitions: number;
  /** Everything is short: shows that it works, but the figures mean little. */
  quick: boolean;
  /** Also the largest loads. */
  long: boolean;
  /** Only what the guard compares, in a few seconds. */
  brief: boolean;
}

export interface Row {
  name: string;
  title: string;
  figures: readonly Figure[];
  /** Titles of the figures that the guard compares. Default: none. */
  guarded?: readonly string[];
  measure(scale: Scale): Promise<Measured>;
}

/** @throws Error if it was not measured */
export function measuredValue(repetition: Repetition, subject: string, name: string): number {
  const value = repetition[subject]?.[name];
  if (value === undefined) throw new Error(`${name} of ${subject} was not measured.`);
  return value;
}

/** The value of `subject` divided by that of `peer`. */
export function ratio(name: string, subject: string, peer: string): Figure['of'] {
  return (repetition) => measuredValue(repetition, subject, name) / measuredValue(repetition, peer, name);
}

/** The value of `subject` minus that of `peer`. */
export function difference(name: string, subject: string, peer: string): Figure['of'] {
  return (repetition) => measuredValue(repetition, subject, name) - measuredValue(repetition, peer, name);
}

/** In brief measurements of requests, turns are short and there are many. So a busy neighbor disturbs few of them. */
export function requestTurns({ repetitions, quick, brief }: Scale): { repetitions: number; ms: number } {
  if (brief) return { repetitions: repetitions * 3, ms: 500 };
  return { repetitions, ms: quick ? 700 : 2_500 };
}

export function spreadOfFigure(figure: Figure, repetitions: readonly Repetition[]): Spread {
  return spreadOf(repetitions.map(figure.of));
}

export function isMet({ atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Goal, value: number) {
  return value >= atLeast && value <= atMost;
}

/** Lets the subjects take turns (A B A B). The first turn of each doesn't count. @param subjects by name, in the order of their turns */
export async function alternate(
  subjects: Readonly<Record<string, () => Promise<Turn>>>,
  repetitions: number,
): Promise<Repetition[]> {
  const turns = async () => {
    const done: Record<string, Turn> = {};
    for (const [name, takeTurn] of Object.entries(subjects)) {
      done[name] = await takeTurn();
      // Writes and timers that a turn leaves behind must not slow down the next turn.
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return done;
  };
  await turns();
  const all: Repetition[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    all.push(await turns());
    console.log(`  ${repetition + 1}/${repetitions}  ${lineOf(all.at(-1) ?? {})}`);
  }
  return all;
}

function lineOf(repetition: Repetition): string {
  const turnText = (turn: Turn) =>
    Object.entries(turn)
      .map(([name, value]) => `${name} ${value >= 100 ? value.toFixed(0) : value.toFixed(2)}`)
      .join(', ');
  return Object.entries(repetition)
    .map(([subject, turn]) => `${subject}: ${turnText(turn)}`)
    .join('  |  ');
}
