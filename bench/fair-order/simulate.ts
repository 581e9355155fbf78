/**
 * Fair order over many jobs: the cell's own scripts on a real Redis, without BullMQ and without work. A dispatched job ends at
 * once, because it is cancelled. Time is counted in ended jobs.
 *
 *   equal      many tenants with the same backlog: how many jobs the first tenant is ahead of the last
 *   weighted   tenants of weight 1, 2 and 4 that always have jobs: their shares
 *   newcomers  old tenants with a backlog, and new tenants all the time: how long a tenant waits for its next turn
 */
import { Cell } from '@holdfast/cell';
import { jobIdFor } from '@holdfast/core';
import { Journal } from '@holdfast/journal';
import { LaneQueues } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';

export interface Fairness {
  jobs: number;
  seconds: number;
  /** How many jobs one equal tenant was ahead of another at most, checked after every dispatch. */
  equalLead: number;
  /** The share that each weight got, divided by its due share. 1 is exact. */
  weightedShare: Record<string, number>;
  /** How many jobs ended at most between two turns of an old tenant. An even share is one turn every `oldTurn` jobs. */
  oldWait: number;
  oldTurn: number;
  /** How many jobs ended at most before a new tenant's first turn. */
  newcomerWait: number;
}

const AT_ONCE = 20;
const CHUNK = 500;

const request = { task: 'chat.completions', input: { model: 'sim' } };
/** Stands for BullMQ, which the simulation doesn't use. */
const ready = { add: async () => {}, remove: async () => {}, stateOf: async () => 'held' as const };

/** The scheduler of one lane. The simulation calls it step by step. */
class Lane {
  readonly scheduler: LaneQueues['scheduler'];
  readonly name: string;
  /** How many jobs have ended. */
  ended = 0;
  readonly #journal: Journal;
  readonly #tenants = new Map<string, string>();

  constructor(redis: Redis, name: string) {
    // Retention 0 deletes a job when it ends.
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

  /** The tenants whose jobs were dispatched, in that order. Empty if nothing waits. */
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

/** How far a tenant's count may be behind. During the first turns the tenants were served unevenly, so some are nearly out of jobs. */
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
    // The next batch comes before any tenant runs out of jobs.
    while (lane.ended < (added + batch - SPARE) * tenants.length) {
      const before = lane.ended;
      for (const tenant of await lane.serve()) served.set(tenant, (served.get(tenant) ?? 0) + 1);
      // The first turns don't count: after them, every tenant has had a turn, and all counts start at 0.
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
    if (served.length === 0)
      throw new Error(`newcomers: no job could run after ${before} jobs, though some should wait`);
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
    // 45 new tenants for every 100 ended jobs. The old tenants take half of the turns, so more new tenants could not be served.
    const fresh = Array.from({ length: Math.round(served.length * 0.45) }, (_, at) => `new${newcomers + at}`);
    newcomers += fresh.length;
    for (const tenant of fresh) came.set(tenant, lane.ended);
    await lane.add(fresh);
  }
  return { oldWait, oldTurn: old.length * 2, newcomerWait };
}

/** Runs all three, with a third of the jobs each. `log` gets a line after each. */
export async function simulateFairness(redis: Redis, jobs: number, log: (line: string) => void): Promise<Fairness> {
  const began = performance.now();
  const third = Math.floor(jobs / 3);
  const equalLead = await serveEqual(redis, third);
  log(`equal tenants: none was more than ${equalLead} ahead`);
  const weightedShare = await serveWeighted(redis, third);
  log(`weights 1, 2, 4: ${JSON.stringify(weightedShare)} of the due share`);
  const waits = await serveNewcomers(redis, third);
  log(`newcomers: ${JSON.stringify(waits)}`);
  return { jobs, seconds: (performance.now() - began) / 1_000, equalLead, weightedShare, ...waits };
}
