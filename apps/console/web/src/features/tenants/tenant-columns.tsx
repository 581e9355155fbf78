/** The columns of the list of tenants. */
import type { TenantRow } from '@holdfast/admin';
import { Link } from '@tanstack/react-router';
import { type Column, Count, Money, Time, UsedOf } from '../../kit/index.ts';
import { PlanBadge } from './plan-badge.tsx';
import { budgetOf } from './tenant-limits.ts';

const money = (usd: number) => <Money usd={usd} />;
const count = (value: number) => <Count value={value} />;

export const tenantColumns: readonly Column<TenantRow>[] = [
  {
    id: 'id',
    header: 'Tenant',
    sortBy: ({ id }) => id,
    cell: ({ id }) => (
      <Link params={{ tenant: id }} to="/tenants/$tenant">
        {id}
      </Link>
    ),
  },
  { id: 'plan', header: 'Plan', isSecondary: true, sortBy: ({ plan }) => plan, cell: (row) => <PlanBadge {...row} /> },
  {
    id: 'day',
    header: 'Today',
    align: 'end',
    sortBy: ({ day_usd }) => day_usd,
    cell: ({ id, day_usd, effective_limits }) => (
      <UsedOf
        format={money}
        label={`Budget of ${id} today`}
        max={budgetOf(effective_limits, 'day')}
        used={day_usd}
        warns
      />
    ),
  },
  {
    id: 'month',
    header: 'This month',
    align: 'end',
    sortBy: ({ month_usd }) => month_usd,
    cell: ({ id, month_usd, effective_limits }) => (
      <UsedOf
        format={money}
        label={`Budget of ${id} this month`}
        max={budgetOf(effective_limits, 'month')}
        used={month_usd}
        warns
      />
    ),
  },
  {
    id: 'waiting',
    header: 'Waiting',
    align: 'end',
    sortBy: ({ waiting }) => waiting,
    cell: ({ waiting }) => <Count short value={waiting} />,
  },
  {
    id: 'running',
    header: 'Running',
    align: 'end',
    sortBy: ({ running }) => running,
    cell: ({ id, running, effective_limits }) => (
      <UsedOf
        format={count}
        label={`Jobs of ${id} that run`}
        max={effective_limits.max_running ?? null}
        used={running}
      />
    ),
  },
  {
    id: 'created',
    header: 'Created',
    align: 'end',
    isSecondary: true,
    sortBy: ({ created_at }) => created_at,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
];
