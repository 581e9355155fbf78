/** `holdfast jobs …`: the jobs of all tenants, for operators: search, look, and act on one or many. */
import type { AdminJob, BulkResult, JobDetails } from '@holdfast/admin';
import { jobStatuses } from '@holdfast/core';
import { type Command, Option } from 'commander';
import type { CliConfig } from '../config.ts';
import { adminOf, idOf } from '../connections.ts';
import { exitCodes } from '../output/failures.ts';
import { note, print } from '../output/printer.ts';
import { record, table } from '../output/table.ts';
import { oneMorePair } from './option-parsers.ts';

interface FilterOptions {
  tenant?: string;
  task?: string;
  lane?: string;
  status?: (typeof jobStatuses)[number];
  errorCode?: string;
  metadata?: Record<string, string>;
  since?: string;
  until?: string;
}

interface ActOptions extends FilterOptions {
  dryRun?: true;
  yes?: true;
}

export function addAdminJobCommands(program: Command, config: CliConfig): void {
  const jobs = program.command('jobs').description('jobs of all tenants (console)');
  addList(jobs, config);
  jobs
    .command('show <id>')
    .description('a job of any tenant, with its attempts, calls and steps; never prompt or answer')
    .action(async (id: string, _options, command: Command) => {
      const job = await adminOf(config, command).call('job', { params: { id: idOf(id) } });
      print(command, job, () => detailsText(job));
    });
  for (const [action, description] of [
    ['cancel', 'cancel jobs: by id, or all that a filter finds'],
    ['retry', 'run failed or cancelled jobs again, under their ids'],
    ['delete', 'forget ended jobs, in the archive too'],
  ] as const) {
    addAct(jobs, config, action, description);
  }
}

function withFilter(command: Command): Command {
  return command
    .option('--tenant <tenant>', 'only those of this tenant')
    .option('--task <name>', 'only those of this task')
    .option('--lane <lane>', 'only those of this lane')
    .addOption(new Option('--status <status>', 'only these').choices(jobStatuses))
    .option('--error-code <code>', 'only those that failed with it')
    .option('--metadata <name=value>', 'only those with this pair; can be repeated', oneMorePair)
    .option('--since <time>', 'created then or later: ISO 8601, UTC')
    .option('--until <time>', 'created then or earlier');
}

function filterOf({ tenant, task, lane, status, errorCode, metadata, since, until }: FilterOptions, command: Command) {
  const members = {
    tenant,
    task,
    lane,
    status,
    error_code: errorCode,
    metadata,
    created_from: since,
    created_to: until,
  };
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  const empty = given.find(([, value]) => value === '');
  // As an unset variable of a shell leaves it: left out, it would widen what an act is done to.
  if (empty) command.error(`error: the filter ${empty[0]} is empty`, { exitCode: exitCodes.usage });
  return Object.fromEntries(given);
}

function addList(jobs: Command, config: CliConfig): void {
  withFilter(jobs.command('list'))
    .description('jobs of all tenants, newest first')
    .option('--key <idempotency key>', 'the job of this key; needs --tenant')
    .option('--limit <n>', 'jobs in one page, up to 200; default 50')
    .option('--cursor <cursor>', 'the page that another one named')
    .action(async (options: FilterOptions & { key?: string; limit?: string; cursor?: string }, command: Command) => {
      const { metadata = {}, ...filter } = filterOf(options, command) as { metadata?: Record<string, string> };
      const pairs = Object.entries(metadata).map(([name, value]) => [`metadata.${name}`, value]);
      const { key, limit, cursor } = options;
      const query = { ...filter, ...Object.fromEntries(pairs), key, limit, cursor };
      const page = await adminOf(config, command).call('searchJobs', { query });
      print(command, page, () => jobTable(page.data));
      if (page.next_cursor !== null) note(`There may be more: --cursor ${page.next_cursor}`);
    });
}

function jobTable(jobs: readonly AdminJob[]): string {
  const rows = jobs.map(({ id, tenant, task, lane, status, error, usage, created_at }) => [
    id,
    tenant,
    task,
    lane,
    status,
    error?.code ?? null,
    usage?.cost_usd ?? null,
    created_at,
  ]);
  const heads = ['JOB', 'TENANT', 'TASK', 'LANE', 'STATUS', 'ERROR', 'USD', 'CREATED'];
  return table(heads, rows, 'No job was found.');
}

function detailsText(job: JobDetails): string {
  const { error, usage, timeline } = job;
  const facts = record({
    job: job.id,
    tenant: job.tenant,
    task: job.task,
    lane: job.lane,
    status: job.status,
    created: job.created_at,
    started: job.started_at,
    finished: job.finished_at,
    error: error && `${error.code}: ${error.message}`,
    cost: usage && usage.cost_usd !== null ? `${usage.cost_usd} USD` : null,
    'copied from': job.copied_from,
    trace: job.trace_id,
  });
  if (timeline === null) return facts;
  const attempts = timeline.attempts.map((of) => [
    `attempt ${of.attempt}`,
    of.started_at,
    of.ended_at,
    of.outcome,
    of.error_code,
    of.worker,
  ]);
  const calls = timeline.calls.map((of) => [
    `  call ${of.call}`.trimEnd(),
    of.started_at,
    of.ended_at,
    of.outcome,
    of.error_code,
    `${of.model} at ${of.provider}`,
  ]);
  const steps = timeline.steps.map((of) => [`  step ${of.step}`, of.started_at, of.ended_at, 'completed', null, null]);
  const rows = [...attempts, ...calls, ...steps].sort((one, other) => ((one[1] ?? '') < (other[1] ?? '') ? -1 : 1));
  return `${facts}\n\n${table(['WHAT', 'STARTED', 'ENDED', 'OUTCOME', 'ERROR', 'BY'], rows, 'Nothing has run yet.')}`;
}

function addAct(jobs: Command, config: CliConfig, action: 'cancel' | 'retry' | 'delete', description: string): void {
  withFilter(jobs.command(`${action} [ids...]`))
    .description(description)
    .option('--dry-run', 'only count what would be done')
    .option('--yes', 'do it to all that the filter finds; without it a filter only counts')
    .action(async (ids: string[], options: ActOptions, command: Command) => {
      const filter = filterOf(options, command);
      const hasFilter = Object.keys(filter).length > 0;
      if (ids.length > 0 === hasFilter) {
        command.error('error: name jobs, or a filter such as --tenant', { exitCode: exitCodes.usage });
      }
      const dryRun = options.dryRun === true || (hasFilter && options.yes !== true);
      const wanted = hasFilter ? { filter } : { ids: ids.map(idOf) };
      const result = await actOnAll(config, command, { action, dry_run: dryRun, ...wanted });
      print(command, result, () => resultText(action, result));
      if (dryRun && options.dryRun !== true) note('Nothing was done. Add --yes to do it.');
      if (result.failed.length > 0) process.exitCode = exitCodes.error;
    });
}

interface BulkRequest {
  action: 'cancel' | 'retry' | 'delete';
  dry_run: boolean;
  ids?: string[];
  filter?: object;
}

/** A filter may find more than one request acts on: page by page, until nothing is left. */
async function actOnAll(config: CliConfig, command: Command, request: BulkRequest): Promise<BulkResult> {
  const admin = adminOf(config, command);
  let sum: BulkResult | null = null;
  let cursor: string | undefined;
  do {
    const page: BulkResult = await admin.call('bulk', { body: { ...request, cursor } });
    sum = sum === null ? page : added(sum, page);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return sum;
}

function added(sum: BulkResult, page: BulkResult): BulkResult {
  return {
    ...sum,
    matched: sum.matched + page.matched,
    done: sum.done + page.done,
    skipped: sum.skipped + page.skipped,
    failed: [...sum.failed, ...page.failed],
    next_cursor: page.next_cursor,
  };
}

function resultText(action: string, { dry_run, matched, done, skipped, failed }: BulkResult): string {
  const facts = record({
    [dry_run ? `would ${action}` : `${action}: done`]: dry_run ? matched : done,
    'does not fit': skipped,
    failed: failed.length,
  });
  const rows = failed.map(({ id, code, message }) => [id, code, message]);
  return failed.length === 0 ? facts : `${facts}\n\n${table(['JOB', 'CODE', 'WHY'], rows, '')}`;
}
