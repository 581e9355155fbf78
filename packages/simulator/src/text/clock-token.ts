/** Tokens that say when they were written, for measuring what lies between the provider and a reader. */

/**
 * ms, to the microsecond, on the machine's monotonic clock: `process.hrtime` of every process on the same machine
 * compares with it. Ends in a space, so that tokens that were joined on the way can be told apart.
 */
export function clockToken(): string {
  return `${(Number(process.hrtime.bigint() / 1_000n) / 1_000).toFixed(3)} `;
}
