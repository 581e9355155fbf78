/** What the API opens for each cell, found by tenant. */
import type { Ledger } from '@holdfast/gate';
import type { Journal } from '@holdfast/journal';
import type { LaneQueues } from '@holdfast/queue';

/** Everything here belongs to one cell, which holds whole tenants. */
export interface ApiCell {
  journal: Journal;
  queue: LaneQueues;
  ledger: Ledger;
}

/** The cells of all tenants, or those parts of them that a function needs. */
export interface TenantCells<Part extends keyof ApiCell = keyof ApiCell> {
  of(tenant: string): Pick<ApiCell, Part>;
}
