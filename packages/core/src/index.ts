/**
 * Contracts that every part of Holdfast shares. Pure: no I/O, no timers, no environment.
 *
 * One word per concept, in code, docs, logs and UI alike:
 *
 *   tenant     who an API key belongs to; isolation, limits and fairness are per tenant
 *   job        one durable unit of LLM work: a task and its input
 *   task       a named server-side function; the built-in ones pass an OpenAI request body through
 *   step       a part of a task that runs once: its result is stored in the journal
 *   lane       models that share a provider account and its limits; each lane has its own BullMQ queue
 *   attempt    one run of a job by one worker, numbered from 1; the number is the fencing token
 *   leader     of a tenant's equal jobs that share an answer, the one that makes the call
 *   follower   a job that copies its leader's journal, and calls no provider itself
 *   release    one hand-over of a job to BullMQ; numbered, and later ones have higher numbers
 *   event      one entry of a journal, numbered 1, 2, 3 … without gaps (`seq`)
 *   journal    a job's record and its events; the truth about a job
 *   attach     read a journal from a cursor, then go on live
 *   provider   an OpenAI-compatible upstream
 *   simulator  our own provider that misbehaves on demand
 */

export * from './alerts.ts';
export * from './cost/money.ts';
export * from './cost/prices.ts';
export * from './cost/spend.ts';
export * from './cost/usage-report.ts';
export * from './error.ts';
export * from './job/ended-job.ts';
export * from './job/event.ts';
export * from './job/idempotency-key.ts';
export * from './job/job.ts';
export * from './job/outcome.ts';
export * from './job/retry-policy.ts';
export * from './job/submit-request.ts';
export * from './json.ts';
export * from './key-requests.ts';
export * from './lanes.ts';
export * from './limits.ts';
export * from './ports.ts';
export * from './task-info.ts';
export * from './task-types.ts';
export * from './tenant-settings.ts';
export * from './timer.ts';
export * from './trace-context.ts';
export * from './tracer.ts';
export * from './validation-error.ts';
export { VERSION } from './version.ts';
