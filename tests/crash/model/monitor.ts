/**
 * The monitor sees every script, in the order in which Redis executes them, and passes it on to the models of the jobs, of the
 * ledger and of the scheduler. After each script it reads the whole state. So promises are checked at every step, not only at
 * the end.
 */
import { type CellKeys, claimedFields } from '@holdfast/cell';
import { assertPromise, JobModel } from './promises/job.ts';
import { checkJournal } from './promises/journal.ts';
import { LedgerModel } from './promises/ledger.ts';
import { SchedulerModel } from './promises/scheduler.ts';
import { kindsOf, listOf, splitAppends } from './replies.ts';
import { readSnapshot, type Snapshot, snapshotArguments } from './snapshot.ts';
import { jobKeys, keysOf, nameOf, type ScriptName, testScripts } from './system/cell.ts';
import type { Arguments, SharedRedis, Switches } from './system/redis.ts';

interface Journal {
  jobId: string;
  log: string;
  providerCalls: number;
}

interface MonitorOptions {
  shared: SharedRedis;
  switches: Switches;
  prefix: string;
  /** In billionths of a dollar. */
  budget: number;
  jobIds: readonly string[];
}

/** The position of the argument with the job's estimated cost. */
const ESTIMATE_AT: Partial<Record<ScriptName, number>> = { submit: 12, retry: 2 };

export class Monitor {
  readonly #shared: SharedRedis;
  readonly #keys: CellKeys;
  readonly #jobIds: readonly string[];
  readonly #names = new Map<string, ScriptName>();
  #turn: Promise<unknown> = Promise.resolve();
  readonly #ledger: LedgerModel;
  readonly #scheduler = new SchedulerModel();
  /** Jobs that exist, by job id. */
  readonly jobs = new Map<string, JobModel>();
  /** How often each script gave each kind of reply, as `append fenced`. */
  readonly replies = new Map<string, number>();
  /** Journals of jobs that were deleted or have expired. */
  readonly removed: Journal[] = [];
  /** Jobs that have expired, and are still on their tenant's list. */
  readonly #expired = new Set<string>();
  /** Jobs whose current run is known to the ledger's model. */
  readonly #runs = new Set<JobModel>();
  #seen: Snapshot | null = null;

  constructor({ shared, switches, prefix, budget, jobIds }: MonitorOptions) {
    this.#shared = shared;
    this.#keys = keysOf(prefix);
    this.#jobIds = jobIds;
    this.#ledger = new LedgerModel(budget);
    for (const [sha, name] of nameOf) {
      for (const known of [testScripts, switches.scripts]) this.#names.set(known?.get(sha)?.sha ?? sha, name);
    }
  }

  /** Executes a command, and checks its effect. @throws BrokenPromise */
  async run(name: string, args: Arguments): Promise<{ reply: unknown; note: string; publishes: boolean }> {
    const script = name === 'evalsha' ? this.#names.get(String(args[0])) : undefined;
    if (!script) return { reply: await this.#shared.run(name, args), note: name, publishes: false };
    const values = args.slice(4).map(String);
    // Sent together, so that no other command comes between them.
    const replies = Promise.all([
      script === 'delete' ? this.#journalOf(values[0] ?? '') : null,
      this.#shared.run(name, args),
      this.#shared.run('evalsha', snapshotArguments(this.#keys, this.#jobIds)),
    ]);
    const [before, reply, snapshot] = await this.#inTurn(replies);
    const kinds = kindsOf(script, reply);
    for (const kind of kinds) this.#count(`${script} ${kind}`);
    const seen = readSnapshot(snapshot, this.#jobIds);
    this.#updateJobs(script, values, reply);
    if (script === 'repair' && kinds[0] === 'to the end') this.#scheduler.repaired();
    if (before && kinds[0] === 'deleted') this.#remove(before);
    this.#checkState(seen);
    this.#checkReply(script, values, kinds[0] ?? '', seen);
    const publishes = publishing.has(script) || kinds.includes('expired');
    return { reply, note: `${script} ${aboutOf(script, values)} → ${kinds.join(', ')}`, publishes };
  }

  /** Resolves in the order of sending, which is the order of execution. */
  #inTurn<Replies>(replies: Promise<Replies>): Promise<Replies> {
    const mine = this.#turn.then(() => replies);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #count(seen: string): void {
    this.replies.set(seen, (this.replies.get(seen) ?? 0) + 1);
  }

  #updateJobs(script: ScriptName, values: string[], reply: unknown): void {
    if (script === 'append') {
      const answers = reply as unknown[][];
      const appends = splitAppends(values);
      assertPromise(answers.length === appends.length, 'each journal of an append gets a reply');
      appends.forEach((append, at) => void this.#updateJob('append', append, answers[at] ?? []));
    } else if (script === 'dispatch') {
      for (const [jobId = ''] of (reply as string[][][])[1] ?? []) this.jobs.get(jobId)?.missedDeadline();
    } else if (ofOneJob.has(script)) {
      this.#updateJob(script, values, listOf(reply));
    }
  }

  #updateJob(script: ScriptName, values: string[], [kind, detail, , claimed]: unknown[]): void {
    const [jobId = '', attempt, token = ''] = values;
    const job = this.jobs.get(jobId);
    if (script === 'submit') {
      assertPromise((kind === 'found') === (job !== undefined), 'one key is one job: found only where there is one');
      if (kind === 'created') this.jobs.set(jobId, new JobModel());
      return;
    }
    assertPromise(
      (kind === 'missing') === (job === undefined),
      `${script} says "missing" of a job only where there is none`,
    );
    if (!job) return;
    if (script === 'claim' && kind === 'claimed') job.claimed(attemptOf(claimed), token);
    if (script === 'append' && kind === 'applied') job.appended(Number(attempt), values[5] ?? '');
    if (script === 'finish' && kind === 'applied') job.finished(Number(attempt), values[5] ?? '', String(detail));
    if (script === 'cancel') job.cancelled(String(kind));
    if (script === 'retry' && kind === 'queued') job.retried();
    if (script === 'delete' && kind === 'deleted') job.deleted();
  }

  #checkState(seen: Snapshot): void {
    for (const [jobId, { status, seq }] of seen.records) {
      const job = this.jobs.get(jobId);
      if (job) job.check(status ?? null, seq ?? null);
      else assertPromise(status === undefined, 'nothing is left of a job that was deleted');
    }
    const isOpen = (jobId: string) => this.jobs.get(jobId)?.isOpen === true;
    this.#findNewRuns(seen);
    this.#ledger.check(seen, isOpen);
    const open = new Map([...seen.records].filter(([jobId]) => isOpen(jobId)));
    this.#scheduler.check(seen, open);
    this.#checkLists(seen, isOpen);
    this.#seen = seen;
  }

  /** Finds the runs that the script has begun. */
  #findNewRuns(seen: Snapshot): void {
    for (const [jobId, job] of this.jobs) {
      if (!job.isOpen) this.#runs.delete(job);
      else if (!this.#runs.has(job)) {
        this.#runs.add(job);
        this.#ledger.began(jobId, seen);
      }
    }
  }

  #checkLists({ open, listed, expiring, all, failed, records }: Snapshot, isOpen: (jobId: string) => boolean): void {
    const expected = this.#jobIds.filter(isOpen).sort();
    assertPromise(
      String([...open].sort()) === String(expected),
      'the list of open jobs holds those that have not ended',
    );
    const left = new Set(expiring.map((entry) => entry.split(' ')[0] ?? ''));
    for (const jobId of this.#jobIds) {
      const job = this.jobs.get(jobId);
      if (job || !left.has(jobId)) this.#expired.delete(jobId);
      const isListed = job !== undefined || this.#expired.has(jobId);
      assertPromise(listed.includes(jobId) === isListed, 'a tenant lists exactly its jobs');
      assertPromise(all.includes(jobId) === isListed, 'the list of all jobs has exactly them');
      const status = records.get(jobId)?.status;
      const hasFailed = status === 'failed' || (status === undefined && isListed && failed.includes(jobId));
      assertPromise(failed.includes(jobId) === hasFailed, 'the list of failed jobs has exactly them');
      assertPromise(left.has(jobId) === (isListed && !isOpen(jobId)), 'ended jobs will expire, and no other jobs');
    }
  }

  #checkReply(script: ScriptName, values: string[], kind: string, seen: Snapshot): void {
    const estimateAt = ESTIMATE_AT[script];
    if (estimateAt !== undefined && kind === 'refused') this.#ledger.refused(Number(values[estimateAt]), seen);
    if (script === 'dispatch' && kind === 'released') this.#scheduler.dispatched(seen, values[0] ?? '');
    if (script !== 'claim' || kind !== 'claimed') return;
    const [jobId = '', release] = values;
    assertPromise(seen.records.get(jobId)?.release === release, 'S4: only the newest release of a job is claimed');
  }

  /** The scheduler's keys were deleted. */
  schedulerKeysLost(): void {
    this.#scheduler.lost([...this.jobs].flatMap(([jobId, { isOpen }]) => (isOpen ? [jobId] : [])));
  }

  #remove(journal: Journal): void {
    this.removed.push(journal);
    this.jobs.delete(journal.jobId);
  }

  /** Deletes the keys of an ended job, as Redis does when they expire. */
  async expire(jobId: string): Promise<void> {
    if (this.jobs.get(jobId)?.isOpen !== false) return;
    const [journal] = await Promise.all([
      this.#journalOf(jobId),
      this.#shared.run('unlink', jobKeys(this.#keys, jobId)),
    ]);
    this.#remove(journal);
    this.#expired.add(jobId);
  }

  async #journalOf(jobId: string): Promise<Journal> {
    const { log, output, record } = this.#keys.job(jobId);
    const [bytes, answer, counts] = await Promise.all([
      this.#shared.run('getBuffer', [log]),
      this.#shared.run('get', [output]),
      this.#shared.run('hmget', [record, 'size', 'provider_calls']),
    ]);
    const [size, calls] = counts as string[];
    // Bytes after `size` were written by a fenced attempt.
    const text = ((bytes as Buffer | null) ?? Buffer.alloc(0)).subarray(0, Number(size)).toString();
    return { jobId, log: text.replace('\0', () => String(answer)), providerCalls: Number(calls) };
  }

  /** The number of jobs that haven't ended. */
  get open(): number {
    return [...this.jobs.values()].filter(({ isOpen }) => isOpen).length;
  }

  /** All jobs have ended, and nothing is left to clean up after them. */
  get isAtRest(): boolean {
    return this.open === 0 && this.#expired.size === 0 && (this.#seen?.leftover ?? 0) === 0;
  }

  timesRemoved(jobId: string): number {
    return this.removed.filter((job) => job.jobId === jobId).length;
  }

  /** Checks the state after the end. @throws BrokenPromise */
  checkAtRest(): void {
    assertPromise(this.open === 0, 'every accepted job ends once the faults stop');
    if (!this.#seen) return;
    this.#ledger.checkAtRest(this.#seen);
    this.#scheduler.checkAtRest(this.#seen);
    assertPromise(this.#seen.leftover === 0, 'no response is left running at a provider');
    assertPromise(this.#expired.size === 0, 'expired jobs leave the lists');
  }

  /** Every journal, also of removed jobs. Each is checked by itself. @throws BrokenPromise */
  async journals(): Promise<Journal[]> {
    const existing = await Promise.all([...this.jobs.keys()].map((jobId) => this.#journalOf(jobId)));
    const all = [...this.removed, ...existing];
    for (const { log, providerCalls } of all) checkJournal(log, providerCalls);
    return all;
  }
}

/** Scripts that publish a message. */
const publishing: ReadonlySet<ScriptName> = new Set(['append', 'finish', 'cancel', 'retry']);

/** Scripts whose first argument is a job, and whose reply is about that job. */
const ofOneJob: ReadonlySet<ScriptName> = new Set(['submit', 'claim', 'finish', 'cancel', 'retry', 'delete']);

/** @param values in the order of `claimedFields` */
function attemptOf(values: unknown): number {
  return Number((values as string[])[claimedFields.indexOf('attempt')]);
}

function aboutOf(script: ScriptName, values: string[]): string {
  if (script === 'append')
    return splitAppends(values)
      .map(([jobId, attempt]) => `${short(jobId)} ${attempt}`)
      .join(', ');
  const [jobId, second] = values;
  const isAboutMore = script === 'claim' || script === 'finish' || script === 'handOverAgain';
  return isAboutMore ? `${short(jobId)} ${second}` : short(jobId);
}

const short = (jobId = '') => (jobId.startsWith('job_') ? jobId.slice(4, 8) : jobId);
