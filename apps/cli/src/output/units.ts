/** Durations and counts as people read them. */

/** How long something has taken. @param end null: it isn't over */
export function durationText(begin: string, end: string | null): string {
  if (end === null) return '';
  const ms = Math.max(0, Date.parse(end) - Date.parse(begin));
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

/** As `1 job`, `2 jobs`. */
export const jobsText = (count: number): string => `${count} ${count === 1 ? 'job' : 'jobs'}`;
