/**
 * Plans: what the config file says they are, and, of one that it lacks (it was removed or renamed there, or this process has
 * another file), what it last said. Redis keeps that, so that a missing plan lifts nobody's limits. Nothing is ever dropped
 * there: names of plans are few.
 */
import type { Limits, Logger, Plans } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { gateKeys } from '../keys.ts';

/** `missing`: the config file lacks it, and its last known limits count. `unknown`: nobody knows these, and no job is admitted. */
export type PlanStatus = 'configured' | 'missing' | 'unknown';

/** Of an unknown one `limits` is null. */
export type FoundPlan = { status: 'configured' | 'missing'; limits: Limits } | { status: 'unknown'; limits: null };

export interface KnownPlans {
  /** Keeps what the config file says. A failure is logged: it matters on the day on which a plan is missing. */
  keep(): Promise<void>;
  /** Throws what the connection throws. */
  find(name: string): Promise<FoundPlan>;
}

interface KnownPlansOptions {
  redis: Redis;
  prefix: string;
  /** Those of the config file. */
  plans: Plans;
  logger: Logger;
}

export function createKnownPlans({ redis, prefix, plans, logger }: KnownPlansOptions): KnownPlans {
  const { plans: kept } = gateKeys(prefix);
  return {
    async keep() {
      const all = Object.entries(plans).flatMap(([name, limits]) => [name, JSON.stringify(limits)]);
      if (all.length === 0) return;
      await redis.hset(kept, ...all).catch((error: unknown) => {
        logger.warn({ error }, 'the plans of the config file are not kept; the next start does it');
      });
    },
    async find(name) {
      // A plan may have the name of something that every object has.
      const configured = Object.hasOwn(plans, name) ? plans[name] : undefined;
      if (configured) return { status: 'configured', limits: configured };
      const last = await redis.hget(kept, name);
      return last === null
        ? { status: 'unknown', limits: null }
        : { status: 'missing', limits: JSON.parse(last) as Limits };
    },
  };
}
