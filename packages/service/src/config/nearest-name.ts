/** Finds the known name that a misspelled name probably means. */

/** How many letters may be wrong: one in four, and at most four. */
function maxDistance(name: string): number {
  return Math.min(4, Math.max(1, Math.floor(name.length / 4)));
}

/** How many letters have to be inserted, dropped, replaced or swapped to turn `a` into `b` (optimal string alignment). */
function distance(a: string, b: string): number {
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const ways = [(row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1)];
      if (isSwapped) ways.push((beforeLast[j - 2] ?? 0) + 1);
      row.push(Math.min(...ways));
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}

/** The nearest known name; null: none is near. Upper and lower case count as the same. */
export function nearestName(name: string, known: readonly string[]): string | null {
  // Far longer than any name, and slow to compare.
  if (name.length > 100) return null;
  const ranked = known
    .map((one) => ({ one, away: distance(name.toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.away - b.away);
  const [nearest] = ranked;
  return nearest !== undefined && nearest.away <= maxDistance(name) ? nearest.one : null;
}
