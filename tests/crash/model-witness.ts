/**
 * The witness: sees every command as Redis executes it, in Redis' order, and tells the models of the job and of the ledger.
 * Reads the record, or the ledger, beside each script, so that what is promised is judged at every point, not only at the end.
 */
import { hasEnded, readSpend } from '@holdfast/core';
import { type OpenCall, readKind } from '@holdfast/journal';
import type { Script } from '@holdfast/redis';
import { type GateKeys, gateKeys } from '../../packages/gate/src/keys.ts';
import { admitScript } from '../../packages/gate/src/scripts/admit.ts';
import { lookAfterScript } from '../../packages/gate/src/scripts/look-after.ts';
import { raiseScript } from '../../packages/gate/src/scripts/raise.ts';
import { giveBackScript, settleScript } from '../../packages/gate/src/scripts/settle.ts';
import { acceptScript } from '../../packages/journal/src/scripts/accept.ts';
import { appendScript } from '../../packages/journal/src/scripts/append.ts';
import { cancelScript } from '../../packages/journal/src/scripts/cancel.ts';
import { claimScript } from '../../packages/journal/src/scripts/claim.ts';
import { forgetScript } from '../../packages/journal/src/scripts/forget.ts';
import { renewReleaseScript } from '../../packages/journal/src/scripts/renew-release.ts';
import { rerunScript } from '../../packages/journal/src/scripts/rerun.ts';
import { JobModel, promise } from './model-job.ts';
import { TENANT } from './model-jobs.ts';
import { checkJournal } from './model-journal.ts';
import { LedgerModel } from './model-ledger.ts';
import type { Arguments, SharedRedis, Switches } from './model-redis.ts';

const journalScripts = {
  accept: acceptScript,
  claim: claimScript,
  append: appendScript,
  cancel: cancelScript,
  rerun: rerunScript,
  forget: forgetScript,
  renew: renewReleaseScript,
} satisfies Record<string, Script>;

const ledgerScripts = {
  admit: admitScript,
  raise: raiseScript,
  settle: settleScript,
  giveBack: giveBackScript,
} satisfies Record<string, Script>;

/** All that are run here; one that only reads is not witnessed. */
export const scripts = { ...journalScripts, ...ledgerScripts, lookAfter: lookAfterScript };

type JournalScript = keyof typeof journalScripts;
type LedgerScript = keyof typeof ledgerScripts;
type Fields = Readonly<Record<string, string>>;

export class Witness {
  readonly #shared: SharedRedis;
  readonly #prefix: string;
  readonly #keys: GateKeys;
  readonly #names: Map<string, JournalScript | LedgerScript>;
  #turn: Promise<unknown> = Promise.resolve();
  readonly ledger: LedgerModel;
  /** The lives that go on, by job id. */
  readonly lives = new Map<string, JobModel>();
  /** How often each script gave each kind of reply, as `append fenced`. */
  readonly replies = new Map<string, number>();
  /** Logs of forgotten lives. */
  readonly closed: { jobId: string; log: string; providerCalls: number }[] = [];

  /** @param budget in billionths of a dollar */
  constructor(shared: SharedRedis, switches: Switches, prefix: string, budget: number) {
    this.#shared = shared;
    this.#prefix = prefix;
    this.#keys = gateKeys(prefix);
    this.ledger = new LedgerModel(budget);
    const witnessed = Object.entries({ ...journalScripts, ...ledgerScripts });
    this.#names = new Map(witnessed.map(([name, { sha }]) => [sha, name as JournalScript | LedgerScript]));
    for (const [sha, { sha: other }] of switches.scripts ?? []) {
      const name = this.#names.get(sha);
      if (name) this.#names.set(other, name);
    }
  }

  /** Executes a command, and judges what it did. @throws BrokenPromise */
  async run(name: string, args: Arguments): Promise<{ reply: unknown; told: string; tells: boolean }> {
    const script = name === 'evalsha' ? this.#names.get(String(args[0])) : undefined;
    if (!script) return { reply: await this.#shared.run(name, args), told: name, tells: false };
    const values = args.slice(2 + Number(args[1])).map(String);
    const send = () => this.#shared.run(name, args);
    if (script in ledgerScripts) return this.#runAtLedger(script as LedgerScript, values, send);
    return this.#runAtJournal(script as JournalScript, String(args[2]), values, send);
  }

  async #runAtJournal(script: JournalScript, key: string, values: string[], send: () => Promise<unknown>) {
    const log = key.replace(/record$/, 'log');
    // Sent in one go: nothing comes between them.
    const replies = Promise.all([
      script === 'forget' ? this.#closing(log, key) : null,
      send(),
      this.#record(key, costs(script, values)),
    ]);
    const [before, reply, record] = await this.#inTurn(replies);
    const jobId = /\{(.+)\}/.exec(key)?.[1] ?? '';
    const parts = Array.isArray(reply) ? reply : [reply];
    const kind = String(parts[0]);
    this.#count(script === 'renew' ? `renew ${kind === '0' ? 'refused' : 'renewed'}` : `${script} ${kind}`);
    this.#judge(script, jobId, values, parts);
    if (kind === 'forgotten' && before) this.closed.push({ jobId, ...before });
    const life = this.lives.get(jobId);
    life?.stands(record.status ?? null, record.seq ?? null);
    const { reservation = '' } = record;
    if ((script === 'accept' && kind === '1') || (script === 'rerun' && kind === 'queued')) {
      this.ledger.began(jobId, reservation);
    }
    if (life && costs(script, values)) this.ledger.costs(jobId, reservation, costOf(record), hasEnded(life.status));
    const asked = script === 'claim' || script === 'append' || script === 'renew' ? ` ${values[0]}` : '';
    return { reply, told: `${script} ${jobId.slice(4, 8)}${asked} → ${kind}`, tells: publishing.has(script) };
  }

  async #runAtLedger(script: LedgerScript, values: string[], send: () => Promise<unknown>) {
    const { ledger, reservations } = this.#keys;
    const replies = Promise.all([
      send(),
      this.#shared.run('hgetall', [ledger(TENANT)]),
      this.#shared.run('hgetall', [reservations(TENANT)]),
    ]);
    const [reply, ...after] = await this.#inTurn(replies);
    const kind = String(Array.isArray(reply) ? reply[0] : reply);
    this.#count(`${script} ${kind}`);
    const [jobId = '', nonce = '', amount] = values;
    if (script === 'settle' && kind === '1') this.ledger.settled(nonce, Number(amount));
    if (script === 'giveBack' && kind === '1') this.ledger.gaveBack(nonce);
    this.ledger.stands(...(after as [Fields, Fields]));
    return { reply, told: `${script} ${jobId.slice(4, 8)} → ${kind}`, tells: false };
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

  async #record(key: string, whole: boolean): Promise<Fields> {
    if (whole) return (await this.#shared.run('hgetall', [key])) as Fields;
    const [status, seq] = (await this.#shared.run('hmget', [key, 'status', 'seq'])) as string[];
    return { ...(status ? { status } : {}), ...(seq ? { seq } : {}) };
  }

  async #closing(log: string, record: string): Promise<{ log: string; providerCalls: number }> {
    const [bytes, calls] = await Promise.all([
      this.#shared.run('get', [log]),
      this.#shared.run('hget', [record, 'provider_calls']),
    ]);
    return { log: String(bytes ?? ''), providerCalls: Number(calls) };
  }

  #judge(script: JournalScript, jobId: string, values: string[], reply: unknown[]): void {
    const life = this.lives.get(jobId);
    const [kind, detail] = reply;
    if (script === 'accept') {
      promise((kind === 1) === (life === undefined), 'one key is one job: created only where there is none');
      if (!life) this.lives.set(jobId, new JobModel());
      return;
    }
    if (script === 'renew') return;
    promise(
      (kind === 'missing') === (life === undefined),
      `${script} says "missing" of a job only where there is none`,
    );
    if (!life) return;
    if (script === 'claim' && kind === 'claimed') life.claimed(Number(detail), values[1] ?? '');
    if (script === 'append' && kind === 'applied') life.appended(Number(values[0]), values[3] ?? '');
    if (script === 'cancel') life.cancelled(String(kind));
    if (script === 'rerun' && kind === 'queued') life.ranAgain();
    if (script === 'forget' && kind === 'forgotten') {
      life.forgotten();
      this.lives.delete(jobId);
    }
  }

  /** Jobs that haven't ended. */
  get open(): number {
    return [...this.lives.values()].filter(({ status }) => !hasEnded(status)).length;
  }

  timesForgotten(jobId: string): number {
    return this.closed.filter((life) => life.jobId === jobId).length;
  }

  /** Every journal there was, forgotten ones included, each judged by itself. @throws BrokenPromise */
  async journals(): Promise<{ jobId: string; log: string; providerCalls: number }[]> {
    const open = await Promise.all(
      [...this.lives.keys()].map(async (jobId) => {
        const base = `${this.#prefix}:{${jobId}}`;
        return { jobId, ...(await this.#closing(`${base}:log`, `${base}:record`)) };
      }),
    );
    const all = [...this.closed, ...open];
    for (const { log, providerCalls } of all) checkJournal(log, providerCalls);
    return all;
  }
}

/** Those that publish. */
const publishing: ReadonlySet<JournalScript> = new Set(['append', 'cancel', 'rerun']);

/** Whether a run may begin with a script, or end, or a call of it begin. */
function costs(script: JournalScript, values: string[]): boolean {
  if (script === 'append') return values[4] !== '' || values.includes('provider_calls');
  return script === 'accept' || script === 'cancel' || script === 'rerun';
}

/** What a run has cost by its record, in billionths of a dollar: what its open calls may cost is in it. */
function costOf(record: Fields): number {
  const open = [...readKind<OpenCall>(record, 'call').values()];
  const usd = open.reduce((sum, { cost }) => sum + (cost ?? 0), readSpend(record.spent).usd ?? 0);
  return Math.round(usd * 1e9);
}
