/**
 * The witness: sees every script as Redis executes it, in Redis' order, and tells the models of the jobs, of the ledger and of
 * the scheduler. Reads all that they judge beside each script, so that what is promised is judged at every point, not only at the end.
 */
import { type CellKeys, claimedFields } from '@holdfast/cell';
import { JobModel, promise } from './promises/job.ts';
import { checkJournal } from './promises/journal.ts';
import { LedgerModel } from './promises/ledger.ts';
import { SchedulerModel } from './promises/scheduler.ts';
import { kindsOf, listOf, splitAppends } from './replies.ts';
import { readSnapshot, type Snapshot, snapshotArguments } from './snapshot.ts';
import { heldScripts, jobKeys, keysOf, nameOf, type ScriptName } from './system/cell.ts';
import type { Arguments, SharedRedis, Switches } from './system/redis.ts';

interface Journal {
  jobId: string;
  log: string;
  providerCalls: number;
}

interface WitnessOptions {
  shared: SharedRedis;
  switches: Switches;
  prefix: string;
  /** In billionths of a dollar. */
  budget: number;
  jobIds: readonly string[];
}

/** Arguments of a script that say what it would cost to let the job in. */
const ESTIMATE_AT: Partial<Record<ScriptName, number>> = { submit: 12, retry: 2 };

export class Witness {
  readonly #shared: SharedRedis;
  readonly #keys: CellKeys;
  readonly #jobIds: readonly string[];
  readonly #names = new Map<string, ScriptName>();
  #turn: Promise<unknown> = Promise.resolve();
  readonly #ledger: LedgerModel;
  readonly #scheduler = new SchedulerModel();
  /** The lives that go on, by job id. */
  readonly lives = new Map<string, JobModel>();
  /** How often each script gave each kind of reply, as `append fenced`. */
  readonly replies = new Map<string, number>();
  /** Journals of lives that are over. */
  readonly closed: Journal[] = [];
  /** Jobs that expired, and are on their tenant's list still. */
  readonly #expired = new Set<string>();
  /** Those whose beginning the ledger was told of. */
  readonly #runs = new Set<JobModel>();
  #seen: Snapshot | null = null;

  constructor({ shared, switches, prefix, budget, jobIds }: WitnessOptions) {
    this.#shared = shared;
    this.#keys = keysOf(prefix);
    this.#jobIds = jobIds;
    this.#ledger = new LedgerModel(budget);
    for (const [sha, name] of nameOf) {
      for (const known of [heldScripts, switches.scripts]) this.#names.set(known?.get(sha)?.sha ?? sha, name);
    }
  }

  /** Executes a command, and judges what it did. @throws BrokenPromise */
  async run(name: string, args: Arguments): Promise<{ reply: unknown; told: string; tells: boolean }> {
    const script = name === 'evalsha' ? this.#names.get(String(args[0])) : undefined;
    if (!script) return { reply: await this.#shared.run(name, args), told: name, tells: false };
    const values = args.slice(4).map(String);
    // Sent in one go: nothing comes between them.
    const replies = Promise.all([
      script === 'delete' ? this.#journalOf(values[0] ?? '') : null,
      this.#shared.run(name, args),
      this.#shared.run('evalsha', snapshotArguments(this.#keys, this.#jobIds)),
    ]);
    const [before, reply, snapshot] = await this.#inTurn(replies);
    const kinds = kindsOf(script, reply);
    for (const kind of kinds) this.#count(`${script} ${kind}`);
    const seen = readSnapshot(snapshot, this.#jobIds);
    this.#tellJobs(script, values, reply);
    if (script === 'repair' && kinds[0] === 'to the end') this.#scheduler.repaired();
    if (before && kinds[0] === 'deleted') this.#close(before);
    this.#judge(seen);
    this.#judgeReply(script, values, kinds[0] ?? '', seen);
    const tells = publishing.has(script) || kinds.includes('expired');
    return { reply, told: `${script} ${aboutOf(script, values)} → ${kinds.join(', ')}`, tells };
  }

  /** Judged in the order of sending, which is the order of execution. */
  #inTurn<Replies>(replies: Promise<Replies>): Promise<Replies> {
    const mine = this.#turn.then(() => replies);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #count(seen: string): void {
    this.replies.set(seen, (this.replies.get(seen) ?? 0) + 1);
  }

  #tellJobs(script: ScriptName, values: string[], reply: unknown): void {
    if (script === 'append') {
      const answers = reply as unknown[][];
      const appends = splitAppends(values);
      promise(answers.length === appends.length, 'each journal of an append is answered');
      appends.forEach((append, at) => void this.#tellJob('append', append, answers[at] ?? []));
    } else if (script === 'dispatch') {
      for (const jobId of (reply as string[][])[1] ?? []) this.lives.get(jobId)?.late();
    } else if (ofOneJob.has(script)) {
      this.#tellJob(script, values, listOf(reply));
    }
  }

  #tellJob(script: ScriptName, values: string[], [kind, detail, , claimed]: unknown[]): void {
    const [jobId = '', attempt, token = ''] = values;
    const life = this.lives.get(jobId);
    if (script === 'submit') {
      promise((kind === 'found') === (life !== undefined), 'one key is one job: found only where there is one');
      if (kind === 'created') this.lives.set(jobId, new JobModel());
      return;
    }
    promise(
      (kind === 'missing') === (life === undefined),
      `${script} says "missing" of a job only where there is none`,
    );
    if (!life) return;
    if (script === 'claim' && kind === 'claimed') life.claimed(attemptOf(claimed), token);
    if (script === 'append' && kind === 'applied') life.appended(Number(attempt), values[5] ?? '');
    if (script === 'finish' && kind === 'applied') life.finished(Number(attempt), values[5] ?? '', String(detail));
    if (script === 'cancel') life.cancelled(String(kind));
    if (script === 'retry' && kind === 'queued') life.ranAgain();
    if (script === 'delete' && kind === 'deleted') life.deleted();
  }

  #judge(seen: Snapshot): void {
    for (const [jobId, { status, seq }] of seen.records) {
      const life = this.lives.get(jobId);
      if (life) life.stands(status ?? null, seq ?? null);
      else promise(status === undefined, 'nothing is left of a job that was deleted');
    }
    const isOpen = (jobId: string) => this.lives.get(jobId)?.isOpen === true;
    this.#begin(seen);
    this.#ledger.stands(seen, isOpen);
    const open = new Map([...seen.records].filter(([jobId]) => isOpen(jobId)));
    this.#scheduler.stands(seen, open);
    this.#judgeLists(seen, isOpen);
    this.#seen = seen;
  }

  /** Runs that the script has begun. */
  #begin(seen: Snapshot): void {
    for (const [jobId, life] of this.lives) {
      if (!life.isOpen) this.#runs.delete(life);
      else if (!this.#runs.has(life)) {
        this.#runs.add(life);
        this.#ledger.began(jobId, seen);
      }
    }
  }

  #judgeLists({ open, listed, expiring }: Snapshot, isOpen: (jobId: string) => boolean): void {
    const expected = this.#jobIds.filter(isOpen).sort();
    promise(String([...open].sort()) === String(expected), 'the list of open jobs holds those that have not ended');
    const left = new Set(expiring.map((entry) => entry.split(' ')[0] ?? ''));
    for (const jobId of this.#jobIds) {
      const life = this.lives.get(jobId);
      if (life || !left.has(jobId)) this.#expired.delete(jobId);
      const kept = life !== undefined || this.#expired.has(jobId);
      promise(listed.includes(jobId) === kept, 'a tenant lists the jobs that it has');
      promise(left.has(jobId) === (kept && !isOpen(jobId)), 'what has ended is to expire, and nothing else');
    }
  }

  #judgeReply(script: ScriptName, values: string[], kind: string, seen: Snapshot): void {
    const estimateAt = ESTIMATE_AT[script];
    if (estimateAt !== undefined && kind === 'refused') this.#ledger.refused(Number(values[estimateAt]), seen);
    if (script === 'dispatch' && kind === 'released') this.#scheduler.dispatched(seen, values[0] ?? '');
    if (script !== 'claim' || kind !== 'claimed') return;
    const [jobId = '', release] = values;
    promise(seen.records.get(jobId)?.release === release, 'S4: only the newest release of a job is claimed');
  }

  /** The scheduler's keys are gone. */
  lostScheduler(): void {
    this.#scheduler.lost([...this.lives].flatMap(([jobId, { isOpen }]) => (isOpen ? [jobId] : [])));
  }

  #close(journal: Journal): void {
    this.closed.push(journal);
    this.lives.delete(journal.jobId);
  }

  /** As Redis forgets the keys of a job whose time is over. */
  async expire(jobId: string): Promise<void> {
    if (this.lives.get(jobId)?.isOpen !== false) return;
    const [journal] = await Promise.all([
      this.#journalOf(jobId),
      this.#shared.run('unlink', jobKeys(this.#keys, jobId)),
    ]);
    this.#close(journal);
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
    // What lies behind its end was written by an attempt that is gone.
    const text = ((bytes as Buffer | null) ?? Buffer.alloc(0)).subarray(0, Number(size)).toString();
    return { jobId, log: text.replace('\0', () => String(answer)), providerCalls: Number(calls) };
  }

  /** Jobs that haven't ended. */
  get open(): number {
    return [...this.lives.values()].filter(({ isOpen }) => isOpen).length;
  }

  /** Nothing is left to be done for jobs that have ended. */
  get isAtRest(): boolean {
    return this.open === 0 && this.#expired.size === 0 && (this.#seen?.leftover ?? 0) === 0;
  }

  timesClosed(jobId: string): number {
    return this.closed.filter((life) => life.jobId === jobId).length;
  }

  /** Once nothing moves any more. @throws BrokenPromise */
  rests(): void {
    promise(this.open === 0, 'every accepted job ends once the faults stop');
    if (!this.#seen) return;
    this.#ledger.rests(this.#seen);
    this.#scheduler.rests(this.#seen);
    promise(this.#seen.leftover === 0, 'what jobs have left at a provider is ended');
    promise(this.#expired.size === 0, 'what has expired leaves the lists');
  }

  /** Every journal there was, those of lives that are over included, each judged by itself. @throws BrokenPromise */
  async journals(): Promise<Journal[]> {
    const kept = await Promise.all([...this.lives.keys()].map((jobId) => this.#journalOf(jobId)));
    const all = [...this.closed, ...kept];
    for (const { log, providerCalls } of all) checkJournal(log, providerCalls);
    return all;
  }
}

/** Those that publish. */
const publishing: ReadonlySet<ScriptName> = new Set(['append', 'finish', 'cancel', 'retry']);

/** Whose first argument is a job, and whose answer says how that one stands. */
const ofOneJob: ReadonlySet<ScriptName> = new Set(['submit', 'claim', 'finish', 'cancel', 'retry', 'delete']);

/** @param values of `claimedFields` */
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
