/** A command whose refusals name the nearest thing it knows, as commander's do, for `--option=value` too. */
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

  /** By its name alone: with its value it is like no option there is. */
  override unknownOption(flag: string): void {
    super.unknownOption(flag.replace(/=.*$/s, ''));
  }
}
