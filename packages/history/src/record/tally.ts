/** Counts that wait for the next flush. As bounded as a bucket: of each group it has as many names as a bucket may have. */
import { addCount, type Counts, caps, fieldOf, formatCounts, OTHER } from '../buckets.ts';

export class Tally {
  readonly #fields = new Map<string, Counts>();
  readonly #names = new Map<string, number>();

  /** @param by nothing is counted where it isn't above 0 */
  add(group: string, names: readonly string[], index: number, by = 1): void {
    if (!(by > 0)) return;
    addCount(this.#countsOf(group, fieldOf(group, ...names)), index, Math.round(by));
  }

  #countsOf(group: string, field: string): Counts {
    const known = this.#fields.get(field);
    if (known) return known;
    const names = this.#names.get(group) ?? 0;
    const other = `${group} ${OTHER}`;
    if (names >= (caps[group] ?? Number.POSITIVE_INFINITY) && field !== other) return this.#countsOf(group, other);
    this.#names.set(group, names + 1);
    const counts: Counts = [];
    this.#fields.set(field, counts);
    return counts;
  }

  /** Takes everything out, as fields and their counts by turns. */
  take(): string[] {
    const taken = [...this.#fields].flatMap(([field, counts]) => [field, formatCounts(counts)]);
    this.#fields.clear();
    this.#names.clear();
    return taken;
  }
}
