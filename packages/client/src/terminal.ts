/** Which events and states are ends. Core's lists as compile-time keys: a new end there is a type error here. */
import type { EndedStatus, JobEvent, JobStatus, TerminalEventType } from '@holdfast/core';

const terminalTypes: Record<TerminalEventType, true> = {
  'job.completed': true,
  'job.failed': true,
  'job.cancelled': true,
};
const endedStatuses: Record<EndedStatus, true> = { completed: true, failed: true, cancelled: true };

/** The event that ends a job (for good, unless it is run again under the same id). */
export type TerminalEvent = Extract<JobEvent, { type: TerminalEventType }>;

export function isTerminalEvent(event: JobEvent): event is TerminalEvent {
  return Object.hasOwn(terminalTypes, event.type);
}

export function hasEnded(status: JobStatus): status is EndedStatus {
  return Object.hasOwn(endedStatuses, status);
}
