/** What commands print on stdout: JSON with `--json`, otherwise text for people. */
import type { Command } from 'commander';
import type { GlobalOptions } from '../connections.ts';

export function wantsJson(command: Command): boolean {
  return command.optsWithGlobals<GlobalOptions>().json === true;
}

/** @param text for people */
export function print(command: Command, value: unknown, text: () => string): void {
  process.stdout.write(`${wantsJson(command) ? JSON.stringify(value, null, 2) : text()}\n`);
}

/** A remark that isn't part of the result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
