/** Periods of budgets, in UTC. `at`: Redis' time, in ms. */
export type Period = 'day' | 'month';

/** YYYY-MM-DD. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** YYYY-MM. */
export function monthOf(at: number): string {
  return dayOf(at).slice(0, 7);
}

/** When the period that `at` is in ends, in ms. */
export function endOf(period: Period, at: number): number {
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return period === 'day' ? Date.UTC(year, month, date.getUTCDate() + 1) : Date.UTC(year, month + 1, 1);
}
