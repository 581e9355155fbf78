/** Which tenants the list shows. */
import type { TenantRow } from '@holdfast/admin';

/** More rows than anybody reads, and than a browser likes to draw every few seconds. */
export const MAX_ROWS = 200;

/** Tenants whose id or plan has the text in it: those that have spent most this month, as far as there is room. */
export function rowsOf(tenants: readonly TenantRow[], text: string): { rows: TenantRow[]; isCut: boolean } {
  const wanted = text.trim().toLowerCase();
  const found = tenants.filter(({ id, plan }) => id.includes(wanted) || plan?.includes(wanted));
  const dearest = found.toSorted((one, other) => other.month_usd - one.month_usd);
  return { rows: dearest.slice(0, MAX_ROWS), isCut: found.length > MAX_ROWS };
}
