/**
 * `Promise.all(items.map(work))` with at most `limit` at once. Results are in the order of the items. Once one has failed, no
 * other one begins.
 */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, at: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  let failed = false;
  const takeTurns = async () => {
    for (const [at, item] of waiting) {
      if (failed) return;
      try {
        results[at] = await work(item, at);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, takeTurns));
  return results;
}
