/** Where a reader of an event stream wants to go on: the header `Last-Event-ID`, or `?after=`. */
import { RequestError } from '@holdfast/core';
import type { Request } from 'express';

export interface EventCursor {
  /** Number of the last event that the reader has; 0: none. */
  after: number;
  /** Which of the two says so. */
  param: string;
}

/** An EventSource that reconnects repeats its URL: the header is newer than the query. @throws RequestError `invalid_cursor` */
export function eventCursorOf(request: Request): EventCursor {
  const header = request.headers['last-event-id'];
  const param = header === undefined ? 'after' : 'Last-Event-ID';
  const value = header ?? request.query.after ?? '0';
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) {
    throw new RequestError('invalid_cursor', `${param}: expected the number of an event, or 0 for all events`, {
      param,
    });
  }
  return { after: Number(value), param };
}

/** @param last number of the job's last event. @throws RequestError `invalid_cursor` for a cursor beyond it */
export function refuseBeyond({ after, param }: EventCursor, last: number): void {
  if (after <= last) return;
  throw new RequestError('invalid_cursor', `${param}: the last event so far is ${last}`, { param });
}
