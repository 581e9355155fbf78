/** `holdfast workers`, `failures`, `audit`: what runs, what fails, and who has done what. */
import { ranges } from '@holdfast/admin';
import { type Command, Option } from 'commander';
import type { CliConfig } from '../config.ts';
import { adminOf } from '../connections.ts';
import { note, print } from '../output/printer.ts';
import { table } from '../output/table.ts';

export function addInsightCommands(program: Command, config: CliConfig): void {
  addWorkers(program, config);
  addFailures(program, config);
  addAudit(program, config);
}

function addWorkers(program: Command, config: CliConfig): void {
  program
    .command('workers')
    .description('worker processes that are alive, and what they run (console)')
    .action(async (_options, command: Command) => {
      const { data } = await adminOf(config, command).call('workers', {});
      const rows = data.map(({ id, version, draining, same_config, lanes, breakers, started_at }) => [
        id,
        draining ? 'draining' : 'takes jobs',
        lanes.map(({ name, running, capacity }) => `${name} ${running}/${capacity}`).join(', '),
        breakers
          .filter(({ state }) => state !== 'closed')
          .map(({ lane, provider, state }) => `${lane}/${provider} ${state}`)
          .join(', '),
        same_config ? 'the same' : 'another',
        version,
        started_at,
      ]);
      const heads = ['WORKER', 'STATE', 'RUNS', 'BREAKERS', 'CONFIG', 'VERSION', 'STARTED'];
      print(command, data, () => table(heads, rows, 'No worker is alive.'));
    });
}

function addFailures(program: Command, config: CliConfig): void {
  program
    .command('failures')
    .description('failed jobs by what they have in common (console)')
    .addOption(new Option('--range <range>', 'of the last …; default 24h').choices(ranges).default('24h'))
    .action(async ({ range }: { range: (typeof ranges)[number] }, command: Command) => {
      const failures = await adminOf(config, command).call('failures', { query: { range } });
      const rows = failures.groups.map(({ code, provider, lane, count, newest: [newest] }) => [
        count,
        code,
        provider,
        lane,
        newest?.id ?? null,
        newest?.message ?? null,
      ]);
      const heads = ['JOBS', 'ERROR', 'PROVIDER', 'LANE', 'NEWEST', 'WHAT IT SAYS'];
      print(command, failures, () => table(heads, rows, 'No job has failed.'));
    });
}

function addAudit(program: Command, config: CliConfig): void {
  program
    .command('audit')
    .description('who has done or looked at what, newest first (console)')
    .option('--user <name>', 'only what this user did')
    .option('--cursor <cursor>', 'the page that another one named')
    .action(async (query: { user?: string; cursor?: string }, command: Command) => {
      const page = await adminOf(config, command).call('audit', { query });
      const rows = page.data.map(({ at, user, action, target, tenant, outcome }) => [
        at,
        user,
        action,
        target,
        tenant,
        outcome,
      ]);
      print(command, page, () => table(['AT', 'USER', 'ACT', 'TARGET', 'TENANT', 'OUTCOME'], rows, 'Nothing yet.'));
      if (page.next_cursor !== null) note(`There is more: --cursor ${page.next_cursor}`);
    });
}
