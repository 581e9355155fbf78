/** A tenant's figures of now, each beside what it may be. */
import type { TenantRow } from '@holdfast/admin';
import { Count, Money, Tile, Tiles, UsedOf } from '../../kit/index.ts';
import { budgetOf } from './tenant-limits.ts';

const money = (usd: number) => <Money usd={usd} />;
const count = (value: number) => <Count short value={value} />;

export function TenantTiles({ row }: { row: TenantRow }) {
  const { day_usd, month_usd, reserved_usd, waiting, running, effective_limits: limits } = row;
  return (
    <Tiles>
      <Tile
        label="Spent today (UTC)"
        value={<UsedOf format={money} label="Budget of today" max={budgetOf(limits, 'day')} used={day_usd} warns />}
      />
      <Tile
        label="Spent this month"
        value={
          <UsedOf format={money} label="Budget of the month" max={budgetOf(limits, 'month')} used={month_usd} warns />
        }
      />
      <Tile label="Reserved" note="for open jobs, by estimates" value={<Money usd={reserved_usd} />} />
      <Tile
        label="Waiting"
        value={<UsedOf format={count} label="Jobs that wait" max={limits.max_queued ?? null} used={waiting} warns />}
      />
      <Tile
        label="Running"
        value={<UsedOf format={count} label="Jobs that run" max={limits.max_running ?? null} used={running} />}
      />
    </Tiles>
  );
}
