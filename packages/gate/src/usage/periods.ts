/** Periods of budgets, in UTC. `at`: Redis' time, in ms. */
type Period = 'day' | 'month';

/** YYYY-MM-DD. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** YYYY-MM. */
export function monthOf(at: number): string {
  return dayOf(at).slice(0, 7);
}

/** The end of the period that `at` is in, in ms. */
export function endOf(period: Period, at: number): number {
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return period === 'day' ? Date.UTC(year, month, date.getUTCDate() + 1) : Date.UTC(year, month + 1, 1);
}

const DAY_MS = 86_400_000;
/** As long as days are stored. */
const MAX_DAYS = 400;

/** Dates from `from` to `to`, both included, of the last 400 days. @param now Redis' time, in ms */
export function daysBetween(from: string, to: string, now: number): string[] {
  const first = Math.max(Date.parse(from), Date.parse(dayOf(now)) - (MAX_DAYS - 1) * DAY_MS);
  const last = Math.min(Date.parse(to), now);
  const count = Math.max(0, Math.floor((last - first) / DAY_MS) + 1);
  return Array.from({ length: count }, (_, at) => dayOf(first + at * DAY_MS));
}
