/** Delays of tokens that say when they were written: the simulator's order `clock=1`. */

/** ms on the machine's monotonic clock, which the simulator's tokens are read from too. */
export function nowMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** How long ago each of the tokens in this text was written, in ms. Several may have been joined on the way. */
export function delaysOf(text: string, receivedAt: number): number[] {
  return text
    .trim()
    .split(' ')
    .map((token) => receivedAt - Number(token));
}
