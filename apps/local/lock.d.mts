export interface Holder {
  pid: number;
  /** As `birthOf` tells it. */
  born: string | null;
}

export function birthOf(pid: number): string | null;
export function isRunning(holder: Holder | null): boolean;
export function tryLock(path: string): { release(): void } | { heldBy: number };
