/** Tokens with the time at which they were written, to measure the delay between the provider and a reader. */

/**
 * ms, with microseconds, of the machine's monotonic clock: comparable with `process.hrtime` of any process on the same machine. Ends
 * with a space, so that joined tokens can be separated.
 */
export function clockToken(): string {
  return `${(Number(process.hrtime.bigint() / 1_000n) / 1_000).toFixed(3)} `;
}
