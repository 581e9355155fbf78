import type { TenantRow } from '@holdfast/admin';
import { describe, expect, it } from '@jest/globals';
import { MAX_ROWS, rowsOf } from './tenant-rows.ts';

function tenant(id: string, month_usd: number, plan: string | null = null): TenantRow {
  return {
    id,
    plan,
    limits: null,
    plan_status: null,
    created_at: '2026-11-28T12:00:00.000Z',
    day_usd: 0,
    month_usd,
    reserved_usd: 0,
    waiting: 0,
    running: 0,
    effective_limits: {},
  };
}

const idsOf = (tenants: TenantRow[], text: string) => rowsOf(tenants, text).rows.map(({ id }) => id);

describe('the list of tenants', () => {
  it('finds them by parts of ids and plans, the dearest first', () => {
    const tenants = [tenant('acme', 1), tenant('north', 5, 'pro'), tenant('acme-eu', 3)];
    expect(idsOf(tenants, '')).toEqual(['north', 'acme-eu', 'acme']);
    expect(idsOf(tenants, ' ACME ')).toEqual(['acme-eu', 'acme']);
    expect(idsOf(tenants, 'pro')).toEqual(['north']);
  });

  it('shows the dearest where there are too many, and says so', () => {
    const tenants = Array.from({ length: MAX_ROWS + 1 }, (_, at) => tenant(`t${at}`, at));
    const { rows, isCut } = rowsOf(tenants, '');
    expect([rows.length, rows[0]?.id, isCut]).toEqual([MAX_ROWS, `t${MAX_ROWS}`, true]);
    expect(rowsOf(tenants, 't1').isCut).toBe(false);
  });
});
