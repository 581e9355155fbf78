/** `holdfast usage`, `holdfast tasks`: what the tenant of the key has spent, and what it may submit. */
import type { UsageReport } from '@holdfast/client';
import type { Command } from 'commander';
import type { CliConfig } from '../config.ts';
import { adminOf, holdfastOf, idOf } from '../connections.ts';
import { print } from '../output/printer.ts';
import { record, table } from '../output/table.ts';
import { limitsText } from './limit-options.ts';

export function addAccountCommands(program: Command, config: CliConfig): void {
  program
    .command('usage')
    .description("the tenant's spend, limits, and what is left")
    .option('--from <day>', 'first day, YYYY-MM-DD, UTC (default: today)')
    .option('--to <day>', 'last day')
    .option('--tenant <tenant>', 'of this tenant (console)')
    .action(async ({ tenant, ...range }: { from?: string; to?: string; tenant?: string }, command: Command) => {
      const report =
        tenant === undefined
          ? await holdfastOf(config, command).usage(range)
          : await adminOf(config, command).call('tenantUsage', { params: { tenant: idOf(tenant) }, query: range });
      print(command, report, () => usageText(report));
    });

  program
    .command('tasks')
    .description('the tasks that the key may submit; with --json their schemas')
    .action(async (_options, command: Command) => {
      const tasks = await holdfastOf(config, command).tasks();
      const rows = tasks.map(({ name, summary }) => [name, summary]);
      print(command, tasks, () => table(['TASK', 'SUMMARY'], rows, 'This key may not submit any task.'));
    });
}

function usageText({ limits, reserved_usd, day, month, requests, days }: UsageReport): string {
  const period = ({ spent_usd, budget_usd, resets_at }: UsageReport['day']) =>
    `${spent_usd} USD spent${budget_usd === null ? '' : ` of ${budget_usd}, until ${resets_at}`}`;
  const facts = record({
    limits: limitsText(limits) || 'none',
    requests: requests ? `${requests.remaining} of ${requests.limit} a minute left` : 'not limited',
    today: period(day),
    'this month': period(month),
    reserved: `${reserved_usd} USD for jobs that have not ended`,
  });
  const rows = days.map((of) => [
    of.date,
    of.usd,
    of.avoided_usd,
    of.input_tokens,
    of.output_tokens,
    of.calls,
    of.jobs,
  ]);
  const heads = ['DAY', 'USD', 'AVOIDED', 'TOKENS IN', 'TOKENS OUT', 'CALLS', 'JOBS'];
  return `${facts}\n\n${table(heads, rows, 'Nothing was spent on these days.')}`;
}
