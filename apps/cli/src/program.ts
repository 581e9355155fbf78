/** The `holdfast` command: what all of its commands share. Each group of commands has a file of its own. */
import { Command, InvalidArgumentError } from 'commander';
import { addAccountCommands } from './account-commands.ts';
import { type CliConfig, serverUrl } from './config.ts';
import { addJobCommands } from './job-commands.ts';
import { addKeyCommands } from './key-commands.ts';
import { addLaneCommands } from './lane-commands.ts';
import { addTenantCommands } from './tenant-commands.ts';

/** Wrong usage throws a CommanderError, after commander has said what is wrong. */
export function createProgram(config: CliConfig): Command {
  const program = new Command('holdfast')
    .description('Jobs, and the tenants, API keys and lanes of a Holdfast.')
    .option('--json', 'print JSON')
    .option('--url <url>', `the API (HOLDFAST_URL; now ${config.apiUrl})`, urlOf)
    .option('--console-url <url>', `the console (HOLDFAST_CONSOLE_URL; now ${config.consoleUrl})`, urlOf)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help says more)')
    // Before the commands are made: they inherit it.
    .exitOverride();
  addJobCommands(program, config);
  addAccountCommands(program, config);
  addTenantCommands(program, config);
  addKeyCommands(program, config);
  addLaneCommands(program, config);
  return program;
}

function urlOf(text: string): string {
  const result = serverUrl.safeParse(text);
  if (result.success) return result.data;
  throw new InvalidArgumentError(`It takes ${result.error.issues[0]?.message}.`);
}
