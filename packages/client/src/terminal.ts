/** Which events and states are ends. Core's lists as compile-time keys: a new end there is a type error here. */
import type { EndedStatus, JobEvent, JobStatus, terminalEventTypes } from '@holdfast/core';

type TerminalType = (typeof terminalEventTypes)[number];

const terminalTypes: Record<TerminalType, true> = { 'job.completed': true, 'job.failed': true, 'job.cancelled': true };
const endedStatuses: Record<EndedStatus, true> = { completed: true, failed: true, cancelled: true };

/** The event that ends a job (for good, unless it is run again under the same id). */
export type TerminalEvent = Extract<JobEvent, { type: TerminalType }>;

export function isTerminalEvent(event: JobEvent): event is TerminalEvent {
  return Object.hasOwn(terminalTypes, event.type);
}

export function hasEnded(status: JobStatus): status is EndedStatus {
  return Object.hasOwn(endedStatuses, status);
}
