/** `holdfast submit`, `get`, `follow`, `cancel`, `retry`, `delete`, `list`: the tenant's own jobs, through the client package. */
import type { ListFilter } from '@holdfast/client';
import { type Job, jobStatuses } from '@holdfast/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CliConfig } from '../config.ts';
import { holdfastOf } from '../connections.ts';
import { followJob } from '../output/follow-job.ts';
import { jobFacts } from '../output/job-facts.ts';
import { note, print } from '../output/printer.ts';
import { record, table } from '../output/table.ts';
import { readInput } from '../read-input.ts';
import { addRequiredOption, oneMorePair } from './option-parsers.ts';
import { type SubmitRequestOptions, submitRequestOf, submitRequestOptions } from './submit-options.ts';

export function addJobCommands(program: Command, config: CliConfig): void {
  addSubmit(program, config);
  addFollow(program, config);
  for (const [name, description] of [
    ['get', 'one job as it is now'],
    ['cancel', 'stop a job'],
    ['retry', 'run a failed or cancelled job again, under the same id'],
  ] as const) {
    program
      .command(`${name} <id>`)
      .description(description)
      .action(async (id: string, _options, command: Command) => {
        printJob(command, await holdfastOf(config, command)[name](id));
      });
  }
  addDelete(program, config);
  addList(program, config);
}

interface SubmitOptions extends SubmitRequestOptions {
  input: string;
  key?: string;
  follow?: true;
}

function addSubmit(program: Command, config: CliConfig): void {
  const input = new Option('--input <json>', 'input of the task: a JSON object, @FILE, or - for stdin');
  const submit = addRequiredOption(program.command('submit <task>'), input)
    .description('submit a job')
    .option('--key <idempotency key>', 'names the job: the same key and request again is the same job')
    .option('--follow', 'print its text as it comes; the exit code is that of the job');
  for (const option of submitRequestOptions) submit.addOption(option);
  submit.action(async (task: string, options: SubmitOptions, command: Command) => {
    const { key: idempotencyKey, follow } = options;
    const holdfast = holdfastOf(config, command);
    const request = { task, input: await readInput(options.input), ...submitRequestOf(options) };
    const { job, replayed } = await holdfast.submit(request, { idempotencyKey });
    if (replayed) note(`${job.id} exists already.`);
    if (!follow) return printJob(command, job);
    note(`${job.id} is accepted. To read its answer: holdfast follow ${job.id}`);
    process.exitCode = await followJob(holdfast, job.id, command);
  });
}

function addFollow(program: Command, config: CliConfig): void {
  program
    .command('follow <id>')
    .description(
      "print a job's text from its beginning and as it comes; with --json its events. Exit code 0: completed, 3: failed, 4: cancelled",
    )
    .action(async (id: string, _options, command: Command) => {
      process.exitCode = await followJob(holdfastOf(config, command), id, command);
    });
}

function addDelete(program: Command, config: CliConfig): void {
  program
    .command('delete <id>')
    .description('delete an ended job, with its prompt and answer')
    .action(async (id: string, _options, command: Command) => {
      await holdfastOf(config, command).delete(id);
      print(command, { id, deleted: true }, () => `${id} is deleted.`);
    });
}

function addList(program: Command, config: CliConfig): void {
  program
    .command('list')
    .description("the tenant's jobs, newest first")
    .addOption(new Option('--status <status>', 'only these').choices(jobStatuses))
    .option('--task <name>', 'only jobs of this task')
    .option('--metadata <name=value>', 'only jobs with this pair; can be repeated', oneMorePair)
    .option('--limit <n>', 'jobs in one page, up to 100 (default: 20)', pageSize)
    .option('--cursor <cursor>', 'the next page, as the page before named it')
    .action(async (options: ListFilter, command: Command) => {
      const page = await holdfastOf(config, command).list(options);
      const rows = page.data.map(({ id, task, status, attempt, created_at, usage }) => [
        id,
        task,
        status,
        attempt,
        created_at,
        usage?.cost_usd ?? null,
      ]);
      const heads = ['JOB', 'TASK', 'STATUS', 'ATTEMPT', 'CREATED', 'COST USD'];
      print(command, page, () => table(heads, rows, 'No jobs match.'));
      if (page.next_cursor !== null) note(`More: --cursor ${page.next_cursor}`);
    });
}

function printJob(command: Command, job: Job): void {
  print(command, job, () => record(shownOf(job)));
}

function shownOf(job: Job) {
  const { output, output_text } = job;
  return {
    ...jobFacts(job),
    ...(output === null && output_text === null ? {} : { output: output_text ?? JSON.stringify(output) }),
  };
}

function pageSize(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100)
    throw new InvalidArgumentError('Expected a whole number from 1 to 100.');
  return value;
}
