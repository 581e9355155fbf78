/**
 * The witness: sees every command as Redis executes it, in Redis' order, and tells the model of the job. Reads the
 * record beside each script, so that state and events are compared at every point, not only at the end.
 */
import { hasEnded } from '@holdfast/core';
import type { Script } from '@holdfast/redis';
import { acceptScript } from '../../packages/journal/src/scripts/accept.ts';
import { appendScript } from '../../packages/journal/src/scripts/append.ts';
import { cancelScript } from '../../packages/journal/src/scripts/cancel.ts';
import { claimScript } from '../../packages/journal/src/scripts/claim.ts';
import { forgetScript } from '../../packages/journal/src/scripts/forget.ts';
import { renewReleaseScript } from '../../packages/journal/src/scripts/renew-release.ts';
import { rerunScript } from '../../packages/journal/src/scripts/rerun.ts';
import { JobModel, promise } from './model-job.ts';
import { checkJournal } from './model-journal.ts';
import type { Arguments, SharedRedis, Switches } from './model-redis.ts';

export const scripts = {
  accept: acceptScript,
  claim: claimScript,
  append: appendScript,
  cancel: cancelScript,
  rerun: rerunScript,
  forget: forgetScript,
  renew: renewReleaseScript,
} satisfies Record<string, Script>;

type ScriptName = keyof typeof scripts;

export class Witness {
  readonly #shared: SharedRedis;
  readonly #names: Map<string, ScriptName>;
  #turn: Promise<unknown> = Promise.resolve();
  /** The lives that go on, by job id. */
  readonly lives = new Map<string, JobModel>();
  /** How often each script gave each kind of reply, as `append fenced`. */
  readonly replies = new Map<string, number>();
  /** Logs of forgotten lives. */
  readonly closed: { jobId: string; log: string; providerCalls: number }[] = [];

  constructor(shared: SharedRedis, switches: Switches) {
    this.#shared = shared;
    this.#names = new Map(Object.entries(scripts).map(([name, { sha }]) => [sha, name as ScriptName]));
    for (const [sha, { sha: other }] of switches.scripts ?? []) {
      const name = this.#names.get(sha);
      if (name) this.#names.set(other, name);
    }
  }

  /** Executes a command, and judges what it did. @throws BrokenPromise */
  async run(name: string, args: Arguments): Promise<{ reply: unknown; told: string; changed: boolean }> {
    const script = name === 'evalsha' ? this.#names.get(String(args[0])) : undefined;
    if (!script) return { reply: await this.#shared.run(name, args), told: name, changed: false };
    const record = String(args[2]);
    const log = record.replace(/record$/, 'log');
    // Sent in one go: nothing comes between them.
    const replies = Promise.all([
      script === 'forget' ? this.#closing(log, record) : null,
      this.#shared.run(name, args),
      this.#shared.run('hmget', [record, 'status', 'seq']),
    ]);
    // Judged in the order of sending, which is the order of execution.
    const turn = this.#turn;
    const mine = turn.then(() => replies);
    this.#turn = mine.catch(() => undefined);
    const [before, reply, after] = await mine;
    const jobId = /\{(.+)\}/.exec(record)?.[1] ?? '';
    const values = args.slice(2 + Number(args[1])).map(String);
    const parts = Array.isArray(reply) ? reply : [reply];
    const kind = String(parts[0]);
    const seen = script === 'renew' ? `renew ${kind === '0' ? 'refused' : 'renewed'}` : `${script} ${kind}`;
    this.replies.set(seen, (this.replies.get(seen) ?? 0) + 1);
    this.#judge(script, jobId, values, parts);
    if (kind === 'forgotten' && before) this.closed.push({ jobId, ...before });
    const [status, seq] = after as (string | null)[];
    this.lives.get(jobId)?.stands(status ?? null, seq ?? null);
    const asked = script === 'claim' || script === 'append' || script === 'renew' ? ` ${values[0]}` : '';
    return { reply, told: `${script} ${jobId.slice(4, 8)}${asked} → ${kind}`, changed: true };
  }

  async #closing(log: string, record: string): Promise<{ log: string; providerCalls: number }> {
    const [bytes, calls] = await Promise.all([
      this.#shared.run('get', [log]),
      this.#shared.run('hget', [record, 'provider_calls']),
    ]);
    return { log: String(bytes ?? ''), providerCalls: Number(calls) };
  }

  #judge(script: ScriptName, jobId: string, values: string[], reply: unknown[]): void {
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
  async journals(prefix: string): Promise<{ jobId: string; log: string; providerCalls: number }[]> {
    const open = await Promise.all(
      [...this.lives.keys()].map(async (jobId) => {
        const base = `${prefix}:{${jobId}}`;
        return { jobId, ...(await this.#closing(`${base}:log`, `${base}:record`)) };
      }),
    );
    const all = [...this.closed, ...open];
    for (const { log, providerCalls } of all) checkJournal(log, providerCalls);
    return all;
  }
}
