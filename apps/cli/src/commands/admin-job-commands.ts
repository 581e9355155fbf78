/** `holdfast jobs …`: the jobs of all tenants, through the console. What is done to them is in `job-acts.ts`. */
import {
  type AdminClient,
  type AdminJob,
  type JobDetails,
  type JobPage,
  jobErrorHelp,
  jobQuerySchema,
} from '@holdfast/admin';
import { type Command, Option } from 'commander';
import type { CliConfig } from '../config.ts';
import { adminOf, idOf } from '../connections.ts';
import { jobFacts } from '../output/job-facts.ts';
import { note, print, wantsJson } from '../output/printer.ts';
import { type Cell, GrowingTable, record, table } from '../output/table.ts';
import { timelineText } from '../output/timeline.ts';
import { addJobActs } from './job-acts.ts';
import { type JobFilterOptions, jobFilterOptions, jobQueryOf } from './job-filter-options.ts';
import { numberOption } from './option-parsers.ts';

export function addAdminJobCommands(program: Command, config: CliConfig): void {
  const jobs = program.command('jobs').description('jobs of all tenants (console)');
  addList(jobs, config);
  jobs
    .command('show <id>')
    .description('a job of any tenant, with its attempts, steps and calls; never prompt or answer')
    .action(async (id: string, _options, command: Command) => {
      const job = await adminOf(config, command).call('job', { params: { id: idOf(id) } });
      print(command, job, () => detailsText(job));
    });
  addJobActs(jobs, config);
}

interface ListOptions extends JobFilterOptions {
  key?: string;
  limit?: number;
  cursor?: string;
  all?: true;
}

/** Of the pages of `--all`: the most that one request gets. */
const LARGEST_PAGE = 200;
const HEADS = ['JOB', 'TENANT', 'TASK', 'LANE', 'STATUS', 'ATTEMPT', 'CREATED', 'ERROR', 'COST USD'];
const NOTHING = 'No jobs match.';

function addList(jobs: Command, config: CliConfig): void {
  const list = jobs.command('list').description('the jobs of all tenants, newest first');
  for (const option of jobFilterOptions) list.addOption(option);
  list
    .option('--key <idempotency key>', 'the job of this key; needs --tenant')
    .addOption(numberOption('--limit <n>', jobQuerySchema.shape.limit, 'jobs in one page, up to 200 (default: 50)'))
    .option('--cursor <cursor>', 'the next page, as the page before named it')
    .addOption(new Option('--all', 'all pages; with --json one job a line').conflicts('limit'))
    .action(async (options: ListOptions, command: Command) => {
      const admin = adminOf(config, command);
      await (options.all ? printAll : printPage)(admin, options, command);
    });
}

async function printPage(admin: AdminClient, options: ListOptions, command: Command): Promise<void> {
  const page: JobPage = await admin.call('searchJobs', { query: jobQueryOf(options, options) });
  const { next_cursor: next, scanned_to: scanned } = page;
  print(command, page, () => table(HEADS, page.data.map(rowOf), next === null ? NOTHING : 'No jobs match so far.'));
  if (next === null) return;
  note(`${scanned === null ? '' : `Searched back to ${scanned}. `}More: --cursor ${next}`);
}

/** As the pages come: however many jobs there are, it keeps one page. */
async function printAll(admin: AdminClient, options: ListOptions, command: Command): Promise<void> {
  const growing = new GrowingTable(HEADS);
  const json = wantsJson(command);
  let { cursor } = options;
  let found = 0;
  do {
    const query = jobQueryOf(options, { key: options.key, limit: LARGEST_PAGE, cursor });
    const { data, next_cursor }: JobPage = await admin.call('searchJobs', { query });
    if (data.length > 0) {
      const lines = json ? data.map((job) => JSON.stringify(job)).join('\n') : growing.add(data.map(rowOf));
      process.stdout.write(`${lines}\n`);
    }
    found += data.length;
    cursor = next_cursor ?? undefined;
  } while (cursor !== undefined);
  if (found === 0 && !json) process.stdout.write(`${NOTHING}\n`);
}

function rowOf({ id, tenant, task, lane, status, attempt, created_at, error, usage }: AdminJob): Cell[] {
  return [id, tenant, task, lane, status, attempt, created_at, error?.code ?? null, usage?.cost_usd ?? null];
}

function detailsText(job: JobDetails): string {
  const { timeline } = job;
  const facts = record({ tenant: job.tenant, ...jobFacts(job), ...furtherFacts(job) });
  return timeline === null ? facts : `${facts}\n\n${timelineText(timeline)}`;
}

/** What admins ask about. What a job doesn't have is left out. */
function furtherFacts(job: JobDetails): Record<string, Cell> {
  const help = job.error && jobErrorHelp(job.error.code);
  const metadata = Object.entries(job.metadata).map(([name, value]) => `${name}=${value}`);
  const facts: Record<string, Cell> = {
    'what to do': help && `${help.happened}: ${help.todo}`.replaceAll('`', ''),
    calls: `${job.provider_calls}${job.ambiguous_calls > 0 ? `, ${job.ambiguous_calls} maybe charged without an answer` : ''}`,
    due: job.due_at,
    'next try': job.retry_at,
    deadline: job.deadline_at,
    'cancel asked': job.cancel_requested_at,
    metadata: metadata.join(' '),
    'copied from': job.copied_from,
    'rerun of': job.rerun_of,
    'request id': job.request_id,
    'trace id': job.trace_id,
    'kept in': job.from,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null && value !== ''));
}
