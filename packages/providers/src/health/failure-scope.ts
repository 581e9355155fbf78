/**
 * Decides by the results of calls which calls a breaker holds. The failures are of
 *
 *   one job                       that job is held: its request may be the reason
 *   several jobs of one tenant    that tenant is held: its requests may be the reason
 *   several tenants               all calls are held: the provider fails
 *
 * A job or tenant counts as failing by its newest result. The hold is widened if more than half of the others are failing too, not
 * counting the one with the most failures. A job or a tenant is held only if no other call was answered since its failures began:
 * otherwise its own requests are the reason, and they may fail.
 */

/** The job that makes a call. */
export interface Asker {
  tenant: string;
  job: string;
}

export interface CallResult extends Asker {
  failed: boolean;
  /** The request may be the reason. */
  byRequest: boolean;
}

/** Which calls are held. null: of any tenant, of any job. */
export interface Held {
  readonly tenant: string | null;
  readonly job: string | null;
}

export const everybody: Held = { tenant: null, job: null };

/** How many failures open a breaker. */
const MAX_FAILURES = 5;

export function isHeld(held: Held, { tenant, job }: Asker): boolean {
  return (held.tenant ?? tenant) === tenant && (held.job ?? job) === job;
}

/** Whether `held` includes everything in `other`. */
export function isAsWide(held: Held, other: Held): boolean {
  const has = (part: keyof Held) => held[part] === null || held[part] === other[part];
  return has('tenant') && has('job');
}

/** @param results the newest last. @returns null: no call is held */
export function heldBy(results: readonly CallResult[]): Held | null {
  const from = results.findIndex(({ failed }) => failed);
  const since = from === -1 ? [] : results.slice(from);
  const held = widestOf(since);
  const isOfAll = held.tenant === null;
  const failures = since.filter((one) => one.failed && isHeld(held, one) && (isOfAll || !one.byRequest));
  if (failures.length < MAX_FAILURES) return null;
  return since.some((one) => !one.failed && !isHeld(held, one)) ? null : held;
}

/** How many extra waits an asker has, so that others go first: 0, 1 or 2. */
export function extraWaits(results: readonly CallResult[], { tenant, job }: Asker): number {
  const failures = results.filter(({ failed }) => failed);
  const byTenant = countBy(failures, (one) => one.tenant);
  const own = byTenant.get(tenant) ?? 0;
  const hasFailedMore = own > 0 && own > Math.min(...byTenant.values());
  return Number(failures.some((one) => one.job === job)) + Number(hasFailedMore);
}

function widestOf(results: readonly CallResult[]): Held {
  const tenant = worstOf(results, (one) => one.tenant);
  if (doOthersFail(results, (one) => one.tenant, tenant)) return everybody;
  const own = results.filter((one) => one.tenant === tenant);
  const job = worstOf(own, (one) => one.job);
  return { tenant, job: doOthersFail(own, (one) => one.job, job) ? null : job };
}

type Name = (result: CallResult) => string;

function countBy(results: readonly CallResult[], name: Name): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of results) counts.set(name(one), (counts.get(name(one)) ?? 0) + 1);
  return counts;
}

function worstOf(results: readonly CallResult[], name: Name): string {
  const counts = countBy(
    results.filter(({ failed }) => failed),
    name,
  );
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

/** Whether more than half of the others are failing, by their newest results. */
function doOthersFail(results: readonly CallResult[], name: Name, worst: string): boolean {
  const newest = new Map(results.map((one) => [name(one), one.failed]));
  newest.delete(worst);
  const failing = [...newest.values()].filter(Boolean).length;
  return failing > newest.size / 2;
}
