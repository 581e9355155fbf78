/** The gate, and a cell to ask, on the test run's real Redis, under a prefix of its own. For tests. */
import { randomBytes } from 'node:crypto';
import {
  type AdmissionRequest,
  admissionArguments,
  Cell,
  type Refusal,
  type RequestsLeft,
  refusalOf,
  requestsLeft,
  scripts,
} from '@holdfast/cell';
import { addSpend, type Logger, noSpend, type Spend, toNano } from '@holdfast/core';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { sharedRedisUrl } from '../../core/testing/shared-redis.ts';

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

interface Submitted {
  jobId: string;
  requests: RequestsLeft | null;
  /** null: the job was created. */
  refusal: Refusal | null;
}

export interface TestGate {
  redis: Redis;
  prefix: string;
  cell: Cell;
  submit(tenant: string, admission?: Partial<AdmissionRequest>): Promise<Submitted>;
  /** Begins the next attempt of a job. */
  claim(jobId: string): Promise<{ jobId: string; attempt: number; token: string }>;
  /** Ends a job that waits; it has cost so much. */
  end(jobId: string, spend?: Partial<Spend>): Promise<void>;
  /** As if the submits of the last minute had come so much earlier. */
  age(tenant: string, ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function openTestGate(): Promise<TestGate> {
  const url = sharedRedisUrl();
  const redis = connectRedis(url, 'worker', silent);
  await untilReady(redis, 60_000);
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const cell = new Cell({ redis, prefix, retentionMs: 3_600_000 });
  let jobs = 0;
  return {
    redis,
    prefix,
    cell,
    submit: (tenant, admission = {}) => {
      jobs += 1;
      return submitJob(cell, `job_${jobs}`, tenant, { limits: {}, estimateUsd: null, ...admission });
    },
    async claim(jobId) {
      const { record } = cell.keys.job(jobId);
      const token = randomBytes(6).toString('hex');
      const [kind] = (await scripts.claim.run(cell, [jobId, (await redis.hget(record, 'release')) ?? '', token])) as [
        string,
      ];
      if (kind !== 'claimed') throw new Error(`not claimed: ${kind}`);
      return { jobId, attempt: Number(await redis.hget(record, 'attempt')), token };
    },
    async end(jobId, spend = {}) {
      const { usd, input_tokens, output_tokens, calls, avoided_usd } = addSpend(noSpend, spend);
      const costs = { input_tokens, output_tokens, calls, avoided: toNano(avoided_usd), spent: toNano(usd ?? 0) };
      await redis.hset(cell.keys.job(jobId).record, costs);
      const [kind] = (await scripts.cancel.run(cell, [jobId, cell.retentionMs])) as [string];
      if (kind !== 'cancelled') throw new Error(`not ended: ${kind}`);
    },
    age: (tenant, ms) => ageMinute(redis, cell.keys.minute(tenant), Math.floor(ms / 100)),
    async close() {
      const keys = [...(await redis.keys(`${prefix}:*`)), ...(await redis.keys(`{${prefix}:*`))];
      if (keys.length > 0) await redis.del(...keys);
      await disconnectRedis(redis);
    },
  };
}

async function submitJob(cell: Cell, jobId: string, tenant: string, admission: AdmissionRequest): Promise<Submitted> {
  // Digest, body, first event; lane, task, priority, tokens; delay, deadline, metadata.
  const job = [jobId, 'digest', '{}', 'event', tenant, 'default', 'task', 0, 10, '', '', ''];
  // What it may run; what it shares.
  const rest = ['0 1', 0, '', '', cell.retentionMs];
  const reply = await scripts.submit.run(cell, [...job, ...admissionArguments(admission), ...rest]);
  const [kind, used, resetMs, ...why] = reply as [string, number, number, ...string[]];
  const requests = requestsLeft(admission.limits, used, resetMs);
  return { jobId, requests, refusal: kind === 'refused' ? refusalOf(why) : null };
}

async function ageMinute(redis: Redis, key: string, slots: number): Promise<void> {
  const { total, first, ...counts } = await redis.hgetall(key);
  if (total === undefined) return;
  const moved = Object.entries(counts).map(([slot, count]) => [Number(slot) - slots, count]);
  const all = ['total', total, 'first', Number(first) - slots, ...moved.flat()] as (string | number)[];
  await redis
    .multi()
    .del(key)
    .hset(key, ...all)
    .exec();
}
