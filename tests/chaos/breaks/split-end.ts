/**
 * Loaded before a worker: the event that ends a job is one write, its final state another, half a second later. In
 * earnest the time between them would be a round trip; this long, a kill need not be lucky to fall into it.
 */
import { hasEnded, type JobStatus } from '@holdfast/core';
import { AttemptWriter } from '@holdfast/journal';
import { connectRedis } from '@holdfast/redis';
import { jobKeys } from '../../../packages/journal/src/keys.ts';
import { silent } from '../../flow/journal-probe.ts';

const APART_MS = 500;

const { REDIS_URL = '', HOLDFAST_PREFIX = '' } = process.env;
const redis = connectRedis(REDIS_URL, 'worker', silent);
const ends = new WeakMap<AttemptWriter, { jobId: string; status: JobStatus }>();
const { take, settle } = AttemptWriter.prototype;

AttemptWriter.prototype.take = function () {
  const append = take.call(this);
  if (append === null || append.status === '' || !hasEnded(append.status)) return append;
  ends.set(this, { jobId: append.jobId, status: append.status });
  append.status = '';
  return append;
};

AttemptWriter.prototype.settle = function (reply) {
  const end = ends.get(this);
  if (!end || reply.kind !== 'applied') return settle.call(this, reply);
  ends.delete(this);
  const writeState = () => redis.hset(jobKeys(HOLDFAST_PREFIX, end.jobId).record, 'status', end.status);
  setTimeout(() => void writeState().then(() => settle.call(this, reply)), APART_MS);
};
