/** Figures as text. */
import type { Spread } from '../statistics.ts';
import type { Goal } from './row.ts';

export function numberText(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(size >= 10 ? 1 : 2);
}

export function spreadText({ median, min, max }: Spread, unit: string): string {
  return `${numberText(median)}${unit} [${numberText(min)}..${numberText(max)}]`;
}

export function goalText(goal: Goal | null, unit: string): string {
  if (goal?.atLeast !== undefined) return `≥ ${numberText(goal.atLeast)}${unit}`;
  if (goal?.atMost !== undefined) return `≤ ${numberText(goal.atMost)}${unit}`;
  return '–';
}
