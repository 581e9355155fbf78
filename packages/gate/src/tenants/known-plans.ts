/**
 * Plans, as the config file defines them. Redis stores their last known limits, for a plan that the config file lacks (it was
 * removed or renamed, or this process has another file): a missing plan must not lift anyone's limits. Nothing is ever deleted
 * there, since there are few plans.
 */
import type { Limits, Logger, Plans } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { gateKeys } from '../keys.ts';

/** `missing`: the config file lacks the plan, and its last known limits apply. `unknown`: it has none, and no job is admitted. */
export type PlanStatus = 'configured' | 'missing' | 'unknown';

export type FoundPlan = { status: 'configured' | 'missing'; limits: Limits } | { status: 'unknown'; limits: null };

export interface KnownPlans {
  /** Stores the plans of the config file. A failure is only logged: it matters when a plan is missing later. */
  store(): Promise<void>;
  /** Throws what the connection throws. */
  find(name: string): Promise<FoundPlan>;
}

interface KnownPlansOptions {
  redis: Redis;
  prefix: string;
  /** The plans of the config file. */
  plans: Plans;
  logger: Logger;
}

export function createKnownPlans({ redis, prefix, plans, logger }: KnownPlansOptions): KnownPlans {
  const { plans: key } = gateKeys(prefix);
  return {
    async store() {
      const all = Object.entries(plans).flatMap(([name, limits]) => [name, JSON.stringify(limits)]);
      if (all.length === 0) return;
      await redis.hset(key, ...all).catch((error: unknown) => {
        logger.warn({ error }, 'the plans of the config file could not be stored in Redis; the next start tries again');
      });
    },
    async find(name) {
      // A plan may be named like a member of every object.
      const configured = Object.hasOwn(plans, name) ? plans[name] : undefined;
      if (configured) return { status: 'configured', limits: configured };
      const last = await redis.hget(key, name);
      return last === null
        ? { status: 'unknown', limits: null }
        : { status: 'missing', limits: JSON.parse(last) as Limits };
    },
  };
}
