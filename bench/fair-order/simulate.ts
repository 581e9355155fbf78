/**
 * Fair order over many jobs: the cell's own scripts on a real Redis, without BullMQ and without work. A dispatched job ends
 * at once, by a cancel; time is counted in jobs that have ended.
 *
 *   equal      many tenants with the same backlog: how far the most served is ahead of the least
 *   weighted   tenants of weight 1, 2 and 4, never without work: their shares
 *   newcomers  old tenants with a backlog, and new tenants all the time: how long anybody waits for the next turn
 */
import { Cell } from '@holdfast/cell';
import { jobIdFor } from '@holdfast/core';
import { Journal } from '@holdfast/journal';
import { LaneQueues } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';

export interface Fairness {
  jobs: number;
  seconds: number;
  /** Most jobs that one of the equal tenants was ahead of another, looked at after every dispatch. */
  equalLead: number;
  /** Share of each weight, by its due share: 1 is exact. */
  weightedShare: Record<string, number>;
  /** Most jobs that ended between two turns of an old tenant; its fair share would be every `oldTurn`th. */
  oldWait: number;
  oldTurn: number;
  /** Most jobs that ended before a newcomer's first. */
  newcomerWait: number;
}

const AT_ONCE = 20;
const CHUNK = 500;

const request = { task: 'chat.completions', input: { model: 'sim' } };
/** BullMQ has no part in it. */
const ready = { add: async () => {}, remove: async () => {}, stateOf: async () => 'held' as const };

/** The scheduler of one lane, driven by hand. */
class Lane {
  readonly scheduler: LaneQueues['scheduler'];
  readonly name: string;
  /** Jobs that have ended. */
  ended = 0;
  readonly #journal: Journal;
  readonly #tenants = new Map<string, string>();

  constructor(redis: Redis, name: string) {
    // An ended job is gone at once.
    const cell = new Cell({ redis, prefix: 'simulation', retentionMs: 0 });
    this.#journal = new Journal(cell);
    this.scheduler = new LaneQueues({ cell, ready, onError: () => undefined }).scheduler;
    this.name = name;
  }

  async add(tenants: readonly string[], weight = 1): Promise<void> {
    for (let from = 0; from < tenants.length; from += CHUNK) {
      const jobs = tenants.slice(from, from + CHUNK).map((tenant) => {
        const id = jobIdFor(tenant, null);
        this.#tenants.set(id, tenant);
        const job = { id, tenant, lane: this.name, request, requestText: '{}', digest: '', tokens: 1 };
        return this.#journal.submit(job, { limits: { weight }, estimateUsd: null });
      });
      await Promise.all(jobs);
    }
  }

  /** Tenants whose jobs ran, in order; none once nothing is left. */
  async serve(): Promise<string[]> {
    const { released } = await this.scheduler.dispatch(this.name);
    await Promise.all(released.map(({ jobId }) => this.#journal.cancel(jobId)));
    this.ended += released.length;
    return released.map(({ jobId }) => {
      const tenant = this.#tenants.get(jobId) ?? '';
      this.#tenants.delete(jobId);
      return tenant;
    });
  }
}

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

async function openLane(redis: Redis, name: string): Promise<Lane> {
  const lane = new Lane(redis, name);
  await lane.scheduler.announce(name, 'worker', AT_ONCE);
  return lane;
}

/** Jobs that a tenant may be short of while it still counts as having work: newcomers have been served unevenly. */
const SPARE = 15;

async function serveEqual(redis: Redis, jobs: number): Promise<number> {
  const lane = await openLane(redis, 'equal');
  const tenants = names('t', Math.min(1_000, Math.floor(jobs / 200)));
  const each = Math.floor(jobs / tenants.length);
  const batch = Math.ceil(each / 8);
  const served = new Map<string, number>();
  let lead = 0;
  for (let added = 0; added < each; added += batch) {
    await lane.add(Array.from({ length: batch }, () => tenants).flat());
    // Nobody runs out of work before the next batch is there.
    while (lane.ended < (added + batch - SPARE) * tenants.length) {
      const before = lane.ended;
      for (const tenant of await lane.serve()) served.set(tenant, (served.get(tenant) ?? 0) + 1);
      // From here on nobody is a newcomer any more; all begin at 0.
      if (before < 3 * tenants.length) for (const tenant of tenants) served.set(tenant, 0);
      else if (lane.ended % 5 === 0) lead = Math.max(lead, leadOf([...served.values()]));
    }
  }
  return lead;
}

const leadOf = (counts: number[]) => Math.max(...counts) - Math.min(...counts);

async function serveWeighted(redis: Redis, jobs: number): Promise<Record<string, number>> {
  const lane = await openLane(redis, 'weighted');
  const weights = [1, 2, 4];
  const counts = new Map(weights.map((weight) => [weight, 0]));
  const tenantsOf = (weight: number) => names(`w${weight}x`, 10);
  const total = 10 * weights.reduce((sum, weight) => sum + weight, 0);
  const rounds = Math.floor(jobs / total);
  const ahead = Math.min(40, rounds);
  const topUp = async (count: number) => {
    for (const weight of weights) {
      const tenants = tenantsOf(weight);
      await lane.add(Array.from({ length: weight * count }, () => tenants).flat(), weight);
    }
  };
  await topUp(ahead);
  for (let filled = ahead; lane.ended < (rounds - ahead) * total; ) {
    for (const tenant of await lane.serve()) {
      const weight = Number(tenant.slice(1, tenant.indexOf('x')));
      counts.set(weight, (counts.get(weight) ?? 0) + 1);
    }
    if (filled < rounds && lane.ended > (filled - ahead / 2) * total) {
      await topUp(ahead / 2);
      filled += ahead / 2;
    }
  }
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return Object.fromEntries(weights.map((weight) => [weight, ((counts.get(weight) ?? 0) * 70) / (all * weight * 10)]));
}

async function serveNewcomers(
  redis: Redis,
  jobs: number,
): Promise<Pick<Fairness, 'oldWait' | 'oldTurn' | 'newcomerWait'>> {
  const lane = await openLane(redis, 'newcomers');
  const old = names('old', 50);
  const each = Math.ceil((jobs * 0.6) / old.length);
  const batch = Math.min(each, 200);
  const lastTurn = new Map<string, number>();
  const came = new Map<string, number>();
  let [oldWait, newcomerWait, added, newcomers] = [0, 0, 0, 0];
  while (lane.ended < jobs) {
    if (added < each && lane.ended >= Math.max(0, added - batch / 2) * old.length) {
      await lane.add(Array.from({ length: batch }, () => old).flat());
      added += batch;
    }
    const before = lane.ended;
    const served = await lane.serve();
    if (served.length === 0) throw new Error(`Nothing left to run after ${before} jobs.`);
    for (const [at, tenant] of served.entries()) {
      const now = before + at;
      if (tenant.startsWith('old')) {
        oldWait = Math.max(oldWait, now - (lastTurn.get(tenant) ?? now));
        lastTurn.set(tenant, now);
      } else {
        newcomerWait = Math.max(newcomerWait, now - (came.get(tenant) ?? now));
        came.delete(tenant);
      }
    }
    // 45 new tenants for every 100 jobs that end: as many as can be served beside the old ones' half.
    const fresh = Array.from({ length: Math.round(served.length * 0.45) }, (_, at) => `new${newcomers + at}`);
    newcomers += fresh.length;
    for (const tenant of fresh) came.set(tenant, lane.ended);
    await lane.add(fresh);
  }
  return { oldWait, oldTurn: old.length * 2, newcomerWait };
}

/** Runs all three, a third of the jobs each. */
export async function simulateFairness(redis: Redis, jobs: number, say: (line: string) => void): Promise<Fairness> {
  const began = performance.now();
  const third = Math.floor(jobs / 3);
  const equalLead = await serveEqual(redis, third);
  say(`equal tenants: at most ${equalLead} ahead`);
  const weightedShare = await serveWeighted(redis, third);
  say(`weights 1, 2, 4: ${JSON.stringify(weightedShare)} of their due`);
  const waits = await serveNewcomers(redis, third);
  say(`newcomers: ${JSON.stringify(waits)}`);
  return { jobs, seconds: (performance.now() - began) / 1_000, equalLead, weightedShare, ...waits };
}
