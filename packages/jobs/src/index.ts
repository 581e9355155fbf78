/**
 * What is done with a job on behalf of whoever asks, the same for the API and the console: submit it, retry it, cancel it. Each joins
 * journal, queue and gate; none knows HTTP.
 */
export * from './cancel-job.ts';
export type { JobCell, TenantCells } from './cells.ts';
export { type EstimateNeeds, estimateFirstCall } from './first-call.ts';
export * from './new-job-of.ts';
export { queueFull } from './queue-full.ts';
export type { SentBody } from './replay.ts';
export * from './retry-job.ts';
export * from './submit-or-replay.ts';
