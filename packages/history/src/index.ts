/**
 * What has happened over time, for people who look at it: counted in each process, added up in Redis by minutes, rolled up into quarters,
 * hours and days. Statistics only: the ledger knows the money, and the journals know the jobs.
 *
 *   count     `HistoryRecorder`: a process adds up in memory, and flushes every 2 s
 *   roll up   `rollUp`: one process of all adds closed buckets to the next coarser ones
 *   read      `readHistory`, `readTenantTotals`, `readTenantHistory`
 */

export * from './read/read-history.ts';
export * from './read/read-tenants.ts';
export { HistoryRecorder } from './record/history-recorder.ts';
export { rollUp } from './roll-up.ts';
