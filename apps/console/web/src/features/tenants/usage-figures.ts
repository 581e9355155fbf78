/** What a tenant has spent, day by day, as it is shown. Days are UTC's, as budgets are. */
import type { UsageDay } from '@holdfast/core';

/** Days that are shown together. */
export const spans = ['7', '30', '90'] as const;
export type Span = (typeof spans)[number];

const DAY_MS = 86_400_000;

const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** The last `days` days, today included. `now` in ms. */
export function lastDays(days: number, now: number): { from: string; to: string } {
  return { from: dateOf(now - (days - 1) * DAY_MS), to: dateOf(now) };
}

const nothingOn = (date: string): UsageDay => ({
  date,
  usd: 0,
  input_tokens: 0,
  output_tokens: 0,
  calls: 0,
  jobs: 0,
  avoided_usd: 0,
});

/** Every day of the time, oldest first: a report leaves out days without spend. */
export function everyDay(days: readonly UsageDay[], { from, to }: { from: string; to: string }): UsageDay[] {
  const spent = new Map(days.map((day) => [day.date, day]));
  const all: UsageDay[] = [];
  for (let time = Date.parse(from); time <= Date.parse(to); time += DAY_MS) {
    const date = dateOf(time);
    all.push(spent.get(date) ?? nothingOn(date));
  }
  return all;
}

export function totalOf(days: readonly UsageDay[], of: (day: UsageDay) => number): number {
  return days.reduce((total, day) => total + of(day), 0);
}

/** Midnight where the reader is, in seconds: plots write dates by the reader's clock, and the day must keep its name. */
export function plotTime(date: string): number {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  return new Date(year, month - 1, day).getTime() / 1_000;
}
