/**
 * Whose failures they are: what the verdicts on a provider's calls say of who is to be kept away from it.
 *
 *   one job's             that job: what it asks may be the reason
 *   several jobs', of
 *   one tenant            that tenant, likewise
 *   several tenants'      everybody: the provider fails whatever is asked
 *
 * Somebody counts as failing by their newest verdict, and a hold is as wide as more than half of those whom it would take in
 * beside the one with the most failures are failing. A job or a tenant is held only where nobody else was answered since its
 * failures began: where others are served, its requests are the reason, and it fails by itself.
 */

/** Who makes a call. */
export interface Asker {
  tenant: string;
  job: string;
}

export interface Verdict extends Asker {
  failed: boolean;
  /** Its request may be the reason. */
  byRequest: boolean;
}

/** Who is kept away. null: whoever it is. */
export interface Held {
  readonly tenant: string | null;
  readonly job: string | null;
}

export const everybody: Held = { tenant: null, job: null };

/** So many failures open a breaker. */
const MAX_FAILURES = 5;

export function isHeld(held: Held, { tenant, job }: Asker): boolean {
  return (held.tenant ?? tenant) === tenant && (held.job ?? job) === job;
}

/** Whether `held` takes in all that `other` does. */
export function isAsWide(held: Held, other: Held): boolean {
  const has = (part: keyof Held) => held[part] === null || held[part] === other[part];
  return has('tenant') && has('job');
}

/** @param verdicts the newest last. @returns null: nobody is to be kept away */
export function heldBy(verdicts: readonly Verdict[]): Held | null {
  const from = verdicts.findIndex(({ failed }) => failed);
  const since = from === -1 ? [] : verdicts.slice(from);
  const held = widestOf(since);
  const isOfAll = held.tenant === null;
  const failures = since.filter((one) => one.failed && isHeld(held, one) && (isOfAll || !one.byRequest));
  if (failures.length < MAX_FAILURES) return null;
  return since.some((one) => !one.failed && !isHeld(held, one)) ? null : held;
}

/** How often an asker lets others go first: 0, 1 or 2 times. */
export function standsBack(verdicts: readonly Verdict[], { tenant, job }: Asker): number {
  const failures = verdicts.filter(({ failed }) => failed);
  const byTenant = countBy(failures, (one) => one.tenant);
  const own = byTenant.get(tenant) ?? 0;
  const hasFailedMore = own > 0 && own > Math.min(...byTenant.values());
  return Number(failures.some((one) => one.job === job)) + Number(hasFailedMore);
}

function widestOf(verdicts: readonly Verdict[]): Held {
  const tenant = worstOf(verdicts, (one) => one.tenant);
  if (doOthersFail(verdicts, (one) => one.tenant, tenant)) return everybody;
  const own = verdicts.filter((one) => one.tenant === tenant);
  const job = worstOf(own, (one) => one.job);
  return { tenant, job: doOthersFail(own, (one) => one.job, job) ? null : job };
}

type Name = (verdict: Verdict) => string;

function countBy(verdicts: readonly Verdict[], name: Name): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of verdicts) counts.set(name(one), (counts.get(name(one)) ?? 0) + 1);
  return counts;
}

function worstOf(verdicts: readonly Verdict[], name: Name): string {
  const counts = countBy(
    verdicts.filter(({ failed }) => failed),
    name,
  );
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

/** Whether more than half of the others are failing, by their newest verdicts. */
function doOthersFail(verdicts: readonly Verdict[], name: Name, worst: string): boolean {
  const newest = new Map(verdicts.map((one) => [name(one), one.failed]));
  newest.delete(worst);
  const failing = [...newest.values()].filter(Boolean).length;
  return failing > newest.size / 2;
}
