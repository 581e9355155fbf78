/** The Holdfast SDK, for Node and browsers. It has no runtime dependency: only types of `@holdfast/core` are used. */
export type {
  EventData,
  EventType,
  Job,
  JobError,
  JobEvent,
  JobList,
  JobStatus,
  RequestIssue,
  SubmitRequest,
  TaskInfo,
  Usage,
  UsageReport,
} from '@holdfast/core';
export type { AttachOptions, Reconnect } from './attach.ts';
export type { RetryOptions } from './back-off.ts';
export {
  type CallOptions,
  Holdfast,
  type HoldfastOptions,
  type ListFilter,
  type Submission,
  type SubmitOptions,
  type UsageRange,
} from './client.ts';
export {
  type ConnectionErrorCode,
  HoldfastApiError,
  HoldfastConnectionError,
  HoldfastError,
  HoldfastWaitTimeoutError,
} from './errors.ts';
export { newIdempotencyKey } from './idempotency-key.ts';
export type { TerminalEvent } from './terminal.ts';
export { type TextSnapshot, textOf } from './text.ts';
export type { JobId, JobOf, SubmitRequestOf, TaskInput, TaskName, TaskOutput } from './typed-tasks.ts';
export type { WaitOptions } from './wait-for-end.ts';
