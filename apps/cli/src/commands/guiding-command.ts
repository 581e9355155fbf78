/** A command whose errors suggest the nearest known word, for `--option=value` too. */
import { Command } from 'commander';

declare module 'commander' {
  interface Command {
    /** Commander's own, which its types leave out. */
    unknownOption(flag: string): void;
  }
}

export class GuidingCommand extends Command {
  override createCommand(name?: string): Command {
    return new GuidingCommand(name);
  }

  /** By its name alone: together with its value it resembles no option. */
  override unknownOption(flag: string): void {
    super.unknownOption(flag.replace(/=.*$/s, ''));
  }
}
