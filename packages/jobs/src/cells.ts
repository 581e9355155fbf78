/** What a process that takes jobs opens for each cell, found by tenant. */
import type { Ledger } from '@holdfast/gate';
import type { Journal } from '@holdfast/journal';
import type { LaneQueues } from '@holdfast/queue';

/** Everything here belongs to one cell, which holds whole tenants. */
export interface JobCell {
  journal: Journal;
  queue: LaneQueues;
  ledger: Ledger;
}

/** The cells of all tenants, or those parts of them that a function needs. */
export interface TenantCells<Part extends keyof JobCell = keyof JobCell> {
  of(tenant: string): Pick<JobCell, Part>;
}
