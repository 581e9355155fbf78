/** The `holdfast` command: what all of its commands share. Each group of commands has its own file. */
import { type Command, InvalidArgumentError } from 'commander';
import { addAccountCommands } from './commands/account-commands.ts';
import { addAdminJobCommands } from './commands/admin-job-commands.ts';
import { GuidingCommand } from './commands/guiding-command.ts';
import { addInsightCommands } from './commands/insight-commands.ts';
import { addJobCommands } from './commands/job-commands.ts';
import { addKeyCommands } from './commands/key-commands.ts';
import { addLaneCommands } from './commands/lane-commands.ts';
import { addProjectCommands } from './commands/project-commands.ts';
import { addTenantCommands } from './commands/tenant-commands.ts';
import { apiUrl, type CliConfig, consoleUrl } from './config.ts';
import { ownManifest } from './own-manifest.ts';

/** Wrong usage throws a CommanderError, after commander has printed what is wrong. */
export function createProgram(config: CliConfig): Command {
  const program = new GuidingCommand('holdfast')
    .description('Runs Holdfast, and manages jobs, tenants, API keys, lanes and workers.')
    .version(ownManifest().version, '-V, --version', 'print the version of this command')
    .option('--json', 'print JSON')
    .option('--url <url>', `the API (HOLDFAST_URL; now ${config.apiUrl})`, urlOf(apiUrl))
    .option('--console-url <url>', `the console (HOLDFAST_CONSOLE_URL; now ${config.consoleUrl})`, urlOf(consoleUrl))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help says more)')
    // Before the commands are created: they inherit it.
    .exitOverride();
  addProjectCommands(program);
  addJobCommands(program, config);
  addAccountCommands(program, config);
  addTenantCommands(program, config);
  addKeyCommands(program, config);
  addLaneCommands(program, config);
  addAdminJobCommands(program, config);
  addInsightCommands(program, config);
  return program;
}

function urlOf(schema: typeof apiUrl): (text: string) => string {
  return (text) => {
    const result = schema.safeParse(text);
    if (result.success) return result.data;
    throw new InvalidArgumentError(`${sentenceOf(result.error.issues[0]?.message ?? 'it is not an address')}.`);
  };
}

function sentenceOf(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
