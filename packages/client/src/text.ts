/** A job's text as it grows. It stays correct when an attempt starts over and when a job is retried. */
import type { JobEvent } from '@holdfast/core';
import { isTerminalEvent } from './terminal.ts';

/** The text as it stands after `event`. */
export interface TextSnapshot {
  text: string;
  /** Whether `event` ended the job. A job that is retried continues after it, with a new text. */
  done: boolean;
  event: JobEvent;
}

/**
 * Yields one snapshot for each event. The events must be a journal's, from its first on. The text of an unfinished attempt
 * is dropped when the next attempt starts over, and stays when the next attempt resumes the running answer.
 */
export async function* textOf(events: AsyncIterable<JobEvent>): AsyncGenerator<TextSnapshot, void, undefined> {
  let text = '';
  for await (const event of events) {
    text = textAfter(text, event);
    yield { text, done: isTerminalEvent(event), event };
  }
}

function textAfter(text: string, event: JobEvent): string {
  switch (event.type) {
    case 'text.delta':
      return text + event.data.text;
    case 'attempt.started':
      return event.data.attempt > 1 && !event.data.resumed ? '' : text;
    case 'job.accepted':
      return '';
    default:
      return text;
  }
}
