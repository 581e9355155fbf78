/**
 * `holdfast jobs cancel`, `retry` and `delete`: of one job that is named, at once; of many, or of those that a filter finds, after
 * they are counted and the question is answered.
 */
import { type AdminClient, type AdminJob, type BulkResult, bulkActions } from '@holdfast/admin';
import type { Command } from 'commander';
import { actOnMany, type BulkAction, type BulkTarget } from '../act-on-many.ts';
import type { CliConfig } from '../config.ts';
import { adminOf, idOf } from '../connections.ts';
import { bulkWords, doneText, forecastText } from '../output/bulk-text.ts';
import { CliError, exitCodes } from '../output/failures.ts';
import { jobFacts } from '../output/job-facts.ts';
import { note, print } from '../output/printer.ts';
import { record } from '../output/table.ts';
import { jobsText } from '../output/units.ts';
import { readAnswer } from '../read-answer.ts';
import { type JobFilterOptions, jobFilterOf, jobFilterOptions } from './job-filter-options.ts';

interface ActOptions extends JobFilterOptions {
  dryRun?: true;
  yes?: true;
}

const descriptions: Readonly<Record<BulkAction, string>> = {
  cancel: 'stop jobs: those that are named, or that the filters find',
  retry: 'run failed or cancelled jobs again, under the same ids',
  delete: 'delete ended jobs, with their prompts and answers',
};

export function addJobActs(jobs: Command, config: CliConfig): void {
  for (const action of bulkActions) {
    const act = jobs.command(`${action} [ids...]`).description(descriptions[action]);
    for (const option of jobFilterOptions) act.addOption(option);
    act
      .option('--dry-run', 'only count what would be done')
      .option('--yes', 'do it without a question')
      .action(async (ids: string[], options: ActOptions, command: Command) => {
        const target = targetOf(ids, options, command);
        const admin = adminOf(config, command);
        const [id, ...others] = ids;
        if (id === undefined || others.length > 0 || options.dryRun)
          await actOnAll(admin, action, target, options, command);
        else await actOnOne(admin, action, id, command);
      });
  }
}

function targetOf(ids: readonly string[], options: JobFilterOptions, command: Command): BulkTarget {
  const filter = jobFilterOf(options);
  if (filter !== null && ids.length === 0) return { filter };
  if (filter === null && ids.length > 0) return { ids: ids.map(idOf) };
  return command.error('error: name jobs, or set filters such as --tenant, and not both', {
    exitCode: exitCodes.usage,
  });
}

async function actOnOne(admin: AdminClient, action: BulkAction, id: string, command: Command): Promise<void> {
  const request = { params: { id } };
  if (action === 'delete') {
    await admin.call('deleteJob', request);
    return print(command, { id, deleted: true }, () => `${id} is deleted.`);
  }
  const job: AdminJob = await admin.call(action === 'cancel' ? 'cancelJob' : 'retryJob', request);
  print(command, job, () => record({ tenant: job.tenant, ...jobFacts(job) }));
}

async function actOnAll(
  admin: AdminClient,
  action: BulkAction,
  target: BulkTarget,
  { dryRun, yes }: ActOptions,
  command: Command,
): Promise<void> {
  const act = (isDryRun: boolean) => actOnMany(admin, action, target, isDryRun);
  if (dryRun) return report(command, await act(true), (result) => forecastText(action, result));
  if (!yes) {
    const forecast = await act(true);
    // A question about nothing would only delay the answer.
    if (forecast.matched > 0) await confirm(action, forecast);
  }
  report(command, await act(false), (result) => doneText(action, result));
}

/** @throws CliError unless the answer is yes */
async function confirm(action: BulkAction, forecast: BulkResult): Promise<void> {
  const { verb, warning } = bulkWords[action];
  note(`${forecastText(action, forecast)}\n${warning}`);
  const answer = await readAnswer(`${verb} ${jobsText(forecast.matched)}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('Nothing was done. --yes does it without a question.');
}

function report(command: Command, result: BulkResult, text: (result: BulkResult) => string): void {
  print(command, result, () => text(result));
  if (result.failed.length > 0) process.exitCode = exitCodes.error;
}
