/** Delays of tokens that are the time at which they were written: the simulator's `clock=1`. */

/** ms on the machine's monotonic clock. The simulator's tokens come from the same clock. */
export function nowMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** How many ms ago each token of this text was written. Several tokens may come as one text. */
export function delaysOf(text: string, receivedAt: number): number[] {
  return text
    .trim()
    .split(' ')
    .map((token) => receivedAt - Number(token));
}
