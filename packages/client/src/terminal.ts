/** Which events and states end a job. Core's lists are compile-time keys: a new one there is a type error here. */
import type { EndedStatus, JobEvent, JobStatus, TerminalEventType } from '@holdfast/core';

const terminalTypes: Record<TerminalEventType, true> = {
  'job.completed': true,
  'job.failed': true,
  'job.cancelled': true,
};
const endedStatuses: Record<EndedStatus, true> = { completed: true, failed: true, cancelled: true };

/** The event that ends a job (for good, unless the job is retried under the same id). */
export type TerminalEvent = Extract<JobEvent, { type: TerminalEventType }>;

export function isTerminalEvent(event: JobEvent): event is TerminalEvent {
  return Object.hasOwn(terminalTypes, event.type);
}

export function hasEnded(status: JobStatus): status is EndedStatus {
  return Object.hasOwn(endedStatuses, status);
}
