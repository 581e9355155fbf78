/** A cell: the keys of whole tenants, and the scripts that each do one step of a job's life on them. */
export * from './admission.ts';
export { accessNames, Cell, type CellOptions, Cells, cellNames, cellOf } from './cell.ts';
export { CellKeys, type JobKeys } from './keys.ts';
export { checkLayout } from './layout.ts';
export { PACK_REQUEST_TO_BYTES } from './lua/journal.ts';
export { SEGMENT_BYTES } from './lua/segments.ts';
export { loadScripts, scripts } from './scripts/index.ts';
export { claimedFields } from './scripts/job/claim.ts';
export { GONE_AFTER_MS } from './scripts/queue/limits.ts';
