import type { Cell } from '@holdfast/cell';

/** What reading and writing one journal needs: the cell that it is in. A `Journal` is one. */
export interface JournalCell {
  readonly cell: Cell;
}
