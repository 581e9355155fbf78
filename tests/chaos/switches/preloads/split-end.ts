/**
 * Loaded before a worker: the event that ends a job is one write, and its final state another, half a second later. Real code
 * with two writes would have one round trip between them. Half a second makes it likely that a kill falls between them.
 */
import { CellKeys, cellNames } from '@holdfast/cell';
import { hasEnded, type JobStatus } from '@holdfast/core';
import { AttemptWriter } from '@holdfast/journal';
import { connectRedis } from '@holdfast/redis';
import { silent } from '../../../stack/journal-probe.ts';

const APART_MS = 500;

const { REDIS_URL = '', HOLDFAST_PREFIX = '' } = process.env;
const redis = connectRedis(REDIS_URL, 'worker', silent);
const keys = new CellKeys(HOLDFAST_PREFIX, String(cellNames[0]));
const ends = new WeakMap<AttemptWriter, { jobId: string; status: JobStatus }>();
const { take, onReply } = AttemptWriter.prototype;

AttemptWriter.prototype.take = function () {
  const append = take.call(this);
  if (!append?.end || !hasEnded(append.end.status)) return append;
  ends.set(this, { jobId: append.jobId, status: append.end.status });
  append.end = null;
  return append;
};

AttemptWriter.prototype.onReply = function (reply) {
  const end = ends.get(this);
  if (!end || reply.kind !== 'applied') return onReply.call(this, reply);
  ends.delete(this);
  const writeState = () => redis.hset(keys.job(end.jobId).record, 'status', end.status);
  const ended = { status: end.status, unblocked: [] };
  setTimeout(() => void writeState().then(() => onReply.call(this, { ...reply, ended })), APART_MS);
};
