/** What commands print on stdout: JSON where `--json` asks for it, else text for people. */
import type { Command } from 'commander';
import type { GlobalOptions } from '../connections.ts';

export function wantsJson(command: Command): boolean {
  return command.optsWithGlobals<GlobalOptions>().json === true;
}

/** @param text what people get */
export function print(command: Command, value: unknown, text: () => string): void {
  process.stdout.write(`${wantsJson(command) ? JSON.stringify(value, null, 2) : text()}\n`);
}

/** A remark that is no part of the result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
