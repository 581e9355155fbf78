/** A cell of one's own on the test run's real Redis, with its scripts under named arguments. For tests. */
import { randomBytes } from 'node:crypto';
import type { Logger } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, type ScriptArgument, untilReady } from '@holdfast/redis';
import { sharedRedisUrl } from '../../core/testing/shared-redis.ts';
import { Cell } from '../src/cell.ts';
import type { Fragment } from '../src/lua/fragment.ts';
import { CellScript } from '../src/scripts/cell-script.ts';
import { scripts } from '../src/scripts/index.ts';
import { findProblems } from './invariants.ts';

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** What `submit` takes, in its order, but for what comes after: the retention, the request's id, and a traceparent. Amounts are billionths of a dollar. */
export const newJob = {
  id: '',
  digest: 'digest',
  request: '{}',
  event: 'id: 1\nevent: job.accepted\ndata: {}\n\n',
  tenant: 'acme',
  lane: 'default',
  task: 'task',
  priority: 0,
  tokens: 10,
  delayMs: '' as number | '',
  deadlineMs: '' as number | '',
  metadata: '',
  estimate: '' as number | '',
  perMinute: '' as number | '',
  dayBudget: '' as number | '',
  monthBudget: '' as number | '',
  maxQueued: '' as number | '',
  runLimits: '0 1',
  areNewer: 0,
  shared: '',
  sharedTtlMs: '' as number | '',
};

export type NewTestJob = Partial<typeof newJob> & { requestId?: string; traceparent?: string };
type AdmissionOf = Pick<NewTestJob, 'estimate' | 'perMinute' | 'dayBudget' | 'monthBudget' | 'maxQueued'>;

export interface Submitted {
  id: string;
  kind: 'created' | 'found' | 'refused';
  /** Requests in the minute, and ms until the oldest leaves it. */
  used: number;
  leavesInMs: number;
  /** What follows in the reply. */
  rest: (string | number | string[])[];
}

export interface TestAttempt {
  id: string;
  attempt: number;
  token: string;
  seq: number;
}

/** Changes of a record, its details, calls and steps. */
export interface Changes {
  record?: Record<string, string | number>;
  details?: Record<string, string | number>;
  calls?: Record<string, string | number>;
  steps?: Record<string, string | number>;
}

export function changeArguments({ record = {}, details = {}, calls = {}, steps = {} }: Changes): ScriptArgument[] {
  return [record, details, calls, steps].flatMap((part) => {
    const flat = Object.entries(part).flat();
    return [flat.length, ...flat];
  });
}

export const event = (seq: number, type: string) => `id: ${seq}\nevent: ${type}\ndata: {}\n\n`;

export interface FinishOptions {
  status?: string;
  delayMs?: number;
  leavesQueue?: boolean;
  output?: string;
  text?: string;
  changes?: Changes;
}

export class TestCell {
  readonly cell: Cell;
  #jobs = 0;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  get redis(): Redis {
    return this.cell.redis;
  }

  get keys() {
    return this.cell.keys;
  }

  /** Submits a job; its id is `<tenant>-<number>` unless one is given. */
  async submit({ requestId = '', traceparent = '', ...change }: NewTestJob = {}): Promise<Submitted> {
    this.#jobs += 1;
    const id = change.id ?? `${change.tenant ?? newJob.tenant}-${this.#jobs}`;
    const args = [...Object.values({ ...newJob, ...change, id }), this.cell.retentionMs, requestId, traceparent];
    const reply = (await scripts.submit.run(this.cell, args)) as [
      Submitted['kind'],
      number,
      number,
      ...Submitted['rest'],
    ];
    const [kind, used, leavesInMs, ...rest] = reply;
    return { id, kind, used, leavesInMs, rest };
  }

  /** The id of a job that was created. */
  async create(change: NewTestJob = {}): Promise<string> {
    const { id, kind, rest } = await this.submit(change);
    if (kind !== 'created') throw new Error(`${kind}: ${rest}`);
    return id;
  }

  async retry(id: string, admission: AdmissionOf = {}): Promise<(string | number)[]> {
    const { estimate = '', perMinute = '', dayBudget = '', monthBudget = '', maxQueued = '' } = admission;
    const args = [id, '{}', estimate, perMinute, dayBudget, monthBudget, maxQueued];
    return (await scripts.retry.run(this.cell, args)) as (string | number)[];
  }

  /** Begins an attempt for the job's newest release. */
  async claim(id: string, token = `token-${randomBytes(4).toString('hex')}`): Promise<TestAttempt> {
    const { release = '' } = await this.record(id);
    const [kind] = (await scripts.claim.run(this.cell, [id, release, token])) as [string];
    if (kind !== 'claimed') throw new Error(`not claimed: ${kind}`);
    const { attempt, seq } = await this.record(id);
    return { id, attempt: Number(attempt), token, seq: Number(seq) };
  }

  /** Appends one event, and changes fields with it. */
  async append(one: TestAttempt, changes: Changes = {}): Promise<(string | number)[]> {
    const reply = await scripts.append.run(this.cell, this.appendArguments(one, changes));
    const [answer = []] = reply as (string | number)[][];
    if (answer[0] === 'applied') one.seq += 1;
    return answer;
  }

  appendArguments({ id, attempt, token, seq }: TestAttempt, changes: Changes = {}): ScriptArgument[] {
    return [id, attempt, token, seq, seq + 1, event(seq + 1, 'text.delta'), ...changeArguments(changes)];
  }

  async finish(one: TestAttempt, options: FinishOptions = {}): Promise<(string | number)[]> {
    return (await scripts.finish.run(this.cell, this.finishArguments(one, options))) as (string | number)[];
  }

  finishArguments({ id, attempt, token, seq }: TestAttempt, options: FinishOptions = {}): ScriptArgument[] {
    const { status = 'completed', delayMs = 0, leavesQueue = false, output = '', text = '', changes = {} } = options;
    const head = [id, attempt, token, seq, seq + 1, event(seq + 1, `job.${status}`), status, this.cell.retentionMs];
    return [...head, delayMs, leavesQueue ? 1 : 0, output, text, ...changeArguments(changes)];
  }

  /** Claims a job and ends it. */
  async run(id: string, options: FinishOptions = {}): Promise<void> {
    const [kind] = await this.finish(await this.claim(id), options);
    if (kind !== 'applied') throw new Error(`not finished: ${kind}`);
  }

  async cancel(id: string): Promise<string[]> {
    return (await scripts.cancel.run(this.cell, [id, this.cell.retentionMs])) as string[];
  }

  async delete(id: string): Promise<string[]> {
    return (await scripts.delete.run(this.cell, [id])) as string[];
  }

  /** Says that a worker takes so many. */
  async announce(concurrency: number, lane = 'default', worker = 'w'): Promise<void> {
    await scripts.capacity.run(this.cell, [lane, worker, concurrency]);
  }

  /** Ids with release of what may run, ids of what has failed, ms until something changes, and whether there is more. */
  async dispatch(lane = 'default') {
    const reply = await scripts.dispatch.run(this.cell, [lane, '{"code":"late"}', this.cell.retentionMs]);
    const [released, expired, nextMs, more] = reply as [string[], [string][], number, number];
    return { released, expired: expired.map(([id]) => id), nextMs, more: more === 1 };
  }

  record(id: string): Promise<Record<string, string>> {
    return this.redis.hgetall(this.keys.job(id).record);
  }

  tenant(tenant = 'acme'): Promise<Record<string, string>> {
    return this.redis.hgetall(this.keys.tenant(tenant));
  }

  async reserved(tenant = 'acme'): Promise<number> {
    return Number((await this.tenant(tenant)).reserved ?? 0);
  }

  /** Spend of today. */
  async today(tenant = 'acme'): Promise<Record<string, string>> {
    return this.redis.hgetall(this.keys.day(tenant, await this.date()));
  }

  /** Redis' UTC day. */
  async date(): Promise<string> {
    const [seconds] = await this.redis.time();
    return new Date(Number(seconds) * 1_000).toISOString().slice(0, 10);
  }

  async log(id: string): Promise<string> {
    return (await this.redis.get(this.keys.job(id).log)) ?? '';
  }

  /** As if the submits of the last minute had come so much earlier. */
  async age(tenant: string, ms: number): Promise<void> {
    const key = this.keys.minute(tenant);
    const slots = Math.floor(ms / 100);
    const { total, first, ...counts } = await this.redis.hgetall(key);
    if (total === undefined) return;
    const moved = Object.entries(counts).map(([slot, count]) => [Number(slot) - slots, count]);
    const all = ['total', total, 'first', Number(first) - slots, ...moved.flat()] as (string | number)[];
    await this.redis
      .multi()
      .del(key)
      .hset(key, ...all)
      .exec();
  }

  async allKeys(): Promise<string[]> {
    return this.redis.keys(`${this.keys.base}*`);
  }

  /** Deletes the scheduler's keys, all of them. */
  async loseScheduler(): Promise<void> {
    const keys = await this.redis.keys(`${this.keys.base}sched:*`);
    if (keys.length > 0) await this.redis.del(...keys);
  }

  /** As maintenance does where the list of all jobs lacks some. @param limit jobs per page */
  async list(limit = 50): Promise<void> {
    for (const set of ['open', 'expiring']) {
      let end: [string, string] = ['', ''];
      do end = (await scripts.list.run(this.cell, [set, ...end, limit])) as [string, string];
      while (end[1] !== '');
    }
  }

  /** Runs Lua on top of fragments. Its arguments begin at ARGV[2]. */
  lua(needs: readonly Fragment[], body: string, args: readonly ScriptArgument[] = []): Promise<unknown> {
    return new CellScript({ needs, body }).run(this.cell, args);
  }

  /** What contradicts S1 to S3, or is missing in a list; nothing, in a cell that is sound. */
  problems(): Promise<string[]> {
    return findProblems(this.cell);
  }
}

export interface OpenCell extends TestCell {
  close(): Promise<void>;
}

export async function openTestCell({ retentionMs = 3_600_000 } = {}): Promise<OpenCell> {
  const url = sharedRedisUrl();
  const redis = connectRedis(url, 'worker', silent);
  await untilReady(redis, 60_000);
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const opened = new TestCell(new Cell({ redis, prefix, retentionMs }));
  return Object.assign(opened, { close: () => disconnectRedis(redis) });
}
