/** Times and durations as people read them. Times are shown in the browser's time zone, with the exact time in UTC beside. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const moment = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const dayOnly = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

function roughly(seconds: number): string {
  if (seconds < MINUTE) return `${Math.floor(seconds)} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} d`;
}

/** `4 min ago`, `in 12 s`; `now` and `time` in ms. */
export function formatRelative(time: number, now: number): string {
  const seconds = (time - now) / 1_000;
  if (Math.abs(seconds) < 2) return 'now';
  return seconds < 0 ? `${roughly(-seconds)} ago` : `in ${roughly(seconds)}`;
}

export const formatClock = (time: number): string => clock.format(time);

export const formatDateTime = (time: number): string => dateTime.format(time);

/** Without year and seconds: `28 Nov, 14:03`. */
export const formatMoment = (time: number): string => moment.format(time);

/** A day of UTC, as `2026-11-28`, as `28 Nov`. */
export const formatDay = (date: string): string => dayOnly.format(new Date(`${date}T00:00:00Z`));

/** Both, for a title: `28 Nov 2026, 14:03:22 (2026-11-28T13:03:22Z)`. */
export function formatExact(iso: string): string {
  return `${formatDateTime(Date.parse(iso))} (${iso.replace(/\.\d+Z$/, 'Z')})`;
}

const parts = (large: number, largeUnit: string, small: number, smallUnit: string) =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;

/** Two units at most: `340 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.001) return '0 s';
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return parts(Math.floor(whole / MINUTE), 'min', whole % MINUTE, 's');
  if (whole < DAY) return parts(Math.floor(whole / HOUR), 'h', Math.floor((whole % HOUR) / MINUTE), 'min');
  return parts(Math.floor(whole / DAY), 'd', Math.floor((whole % DAY) / HOUR), 'h');
}
