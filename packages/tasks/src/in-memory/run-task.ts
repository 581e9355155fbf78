/**
 * Runs a task as workers would, until its job has ended:
 *
 *   attempt ──completed──▶ done
 *     ▲  ├───a planned crash──▶ the next attempt, which replays what is stored
 *     │  ├───an error worth a retry──▶ the next attempt, MAX_FAILURES times at most; nobody waits in between
 *     │  └───another error──▶ failed
 *     └───────┘
 */
import { AttemptError, defaultRetryPolicy, type JobError, type JobEvent, type JsonObject } from '@holdfast/core';
import type { TaskLogger } from '../context/task-logger.ts';
import { describeIssues } from '../describe-issues.ts';
import { modelOf, type Task, type TypedTask } from '../task.ts';
import { type CrashAt, CrashPlan } from './crash-plan.ts';
import { MemoryHost } from './memory-host.ts';
import { MemoryJournal, type ModelCall } from './memory-journal.ts';
import { Script, type ScriptedModel } from './scripted-model.ts';

export interface RunOptions<Input> {
  input: Input;
  /** What the model answers. Default: the task makes no call. */
  model?: ScriptedModel;
  /** Where the process that runs it is killed: a step by its path, a call by its number, or a moment by its name, as in `moments`. */
  crashAt?: CrashAt | readonly CrashAt[];
  /** Of the job. */
  metadata?: Readonly<Record<string, string>>;
}

export interface TaskLogLine {
  level: keyof TaskLogger;
  message: string;
  fields: object;
}

export interface TaskRun<Output> {
  status: 'completed' | 'failed';
  /** null where it failed. */
  output: Output | null;
  error: JobError | null;
  /** What the task threw where it failed: the error itself, which clients never see. */
  thrown: unknown;
  /** The text that a reader has in the end. */
  text: string;
  /** The job's events, as `client.attach` gives them. */
  events: readonly JobEvent[];
  /** Calls that were made to the model, each paid, in order; those of all attempts. */
  calls: readonly ModelCall[];
  /** Paths of the completed steps. */
  steps: readonly string[];
  /** What later attempts replayed instead of running it again: steps by their paths, calls by their ids. */
  replayed: readonly string[];
  /** How often `run` was called. */
  attempts: number;
  /** What the run has passed, in order: each is one where `crashAt` may kill it. */
  moments: readonly string[];
  logs: readonly TaskLogLine[];
}

/**
 * Runs `task` in memory, with a scripted model. Resolves once its job would have ended, failed or not.
 * @throws TypeError where the input doesn't fit the task: the API would refuse it; Error where `model` has too few answers, or the
 *   run never comes to `crashAt`
 */
export async function runTask<Name extends string, Input, Output>(
  task: TypedTask<Name, Input, Output>,
  { input, model = [], crashAt, metadata = {} }: RunOptions<Input>,
): Promise<TaskRun<Output>> {
  const job: TestJob = {
    task,
    input: inputFor(task, input),
    metadata,
    journal: new MemoryJournal(),
    script: new Script(model),
    crashes: new CrashPlan(crashAt),
    logs: [],
  };
  job.journal.write('job.accepted', { task: task.name, lane: 'test' });
  const { attempts, end } = await runAttempts(job);
  job.crashes.checkDone();
  const { events, text, calls, steps, replayed } = job.journal;
  return {
    status: 'output' in end ? 'completed' : 'failed',
    output: 'output' in end ? (end.output as Output) : null,
    error: 'error' in end ? end.error.toJobError() : null,
    thrown: 'error' in end ? (end.error.code === 'task_error' ? (end.error.cause ?? end.error) : end.error) : null,
    text,
    events,
    calls,
    steps: [...steps.keys()],
    replayed,
    attempts,
    moments: job.crashes.passed,
    logs: job.logs,
  };
}

interface TestJob {
  task: Task;
  input: JsonObject;
  metadata: Readonly<Record<string, string>>;
  journal: MemoryJournal;
  script: Script;
  crashes: CrashPlan;
  logs: TaskLogLine[];
}

type End = { output: unknown } | { error: AttemptError };

function inputFor(task: Task, input: unknown): JsonObject {
  const checked = task.input.safeParse(input);
  if (!checked.success) throw new TypeError(`The input does not fit "${task.name}": ${describeIssues(checked.error)}`);
  // As it is stored, and given to every attempt.
  return JSON.parse(JSON.stringify(input)) as JsonObject;
}

async function runAttempts(job: TestJob): Promise<{ attempts: number; end: End }> {
  const { journal } = job;
  let failures = 0;
  for (let attempt = 1; ; attempt += 1) {
    const end = await runAttempt(job, attempt);
    if (end === 'crashed') continue;
    if ('output' in end) {
      journal.write('job.completed', { output: end.output as never, usage: null });
      return { attempts: attempt, end };
    }
    failures += 1;
    const error = end.error.toJobError();
    if (!end.error.retryable || end.error.isFinal || failures >= defaultRetryPolicy.maxFailures) {
      journal.write('job.failed', { error });
      return { attempts: attempt, end };
    }
    journal.write('attempt.failed', { error, retry_at: new Date().toISOString() });
  }
}

async function runAttempt(job: TestJob, attempt: number): Promise<End | 'crashed'> {
  const { task, input, metadata, journal, script, crashes, logs } = job;
  const logger = loggerInto(logs);
  const host = new MemoryHost({ journal, script, crashes, attempt, model: modelOf(task, input), metadata, logger });
  const crashed = host.crashed.then(() => 'crashed' as const);
  const ended = run(task, input, host);
  try {
    return await Promise.race([crashed, ended]);
  } finally {
    host.close();
  }
}

/** As the worker's `run-task.ts` does: calls beside one that failed are let finish where the job is tried again. */
async function run(task: Task, input: JsonObject, host: MemoryHost): Promise<End> {
  try {
    const output = await task.run(input, host);
    await host.settled();
    await host.returned();
    return { output };
  } catch (thrown) {
    const error = asAttemptError(task, thrown);
    if (!error.retryable || error.isFinal) host.cutOff();
    await host.settled().catch(() => undefined);
    return { error };
  }
}

function asAttemptError({ name }: Task, thrown: unknown): AttemptError {
  if (thrown instanceof AttemptError) return thrown;
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new AttemptError('task_error', `The task "${name}" threw ${what}`, { cause: thrown });
}

function loggerInto(logs: TaskLogLine[]): TaskLogger {
  const at =
    (level: keyof TaskLogger) =>
    (first: string | object, message = '') => {
      if (typeof first === 'string') logs.push({ level, message: first, fields: {} });
      else logs.push({ level, message, fields: first });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
