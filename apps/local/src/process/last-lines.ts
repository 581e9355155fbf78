/** The last lines of a program that logs much when all is well. They are shown only if it ends by itself with an error. */
import type { Exit } from './run-process.ts';

const KEPT = 8;

export interface LastLines {
  add(line: string): void;
  /** Call it when the program has ended. */
  showAfter(exit: Exit): void;
}

export function keepLastLines(show: (line: string) => void): LastLines {
  const lines: string[] = [];
  return {
    add(line) {
      lines.push(line);
      if (lines.length > KEPT) lines.shift();
    },
    showAfter({ code }) {
      if (code !== null && code !== 0) lines.forEach(show);
    },
  };
}
