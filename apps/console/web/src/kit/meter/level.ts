/** How near something is to its limit. */
export type Level = 'fine' | 'warn' | 'bad';

/** Fine below three quarters, bad from nine tenths on. */
export function levelOf(used: number, max: number): Level {
  if (max <= 0) return used > 0 ? 'bad' : 'fine';
  const share = used / max;
  if (share >= 0.9) return 'bad';
  return share >= 0.75 ? 'warn' : 'fine';
}
