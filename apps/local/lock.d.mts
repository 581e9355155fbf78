export interface Holder {
  pid: number;
  /** The value of `birthOf` when the lock was taken. */
  born: string | null;
}

export function birthOf(pid: number): string | null;
export function isRunning(holder: Holder | null): boolean;
export function tryLock(path: string): { release(): void } | { heldBy: number };
