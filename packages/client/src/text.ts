/** A job's text as it grows, kept right over attempts that begin anew and jobs that are run again. */
import type { JobEvent } from '@holdfast/core';
import { isTerminalEvent } from './terminal.ts';

/** The text as it stands after `event`. */
export interface TextSnapshot {
  text: string;
  /** Whether `event` ended the job. A job that is run again goes on after it, with a new text. */
  done: boolean;
  event: JobEvent;
}

/**
 * One snapshot for each event, which must be a journal's from its first on. A text that an attempt left unfinished is
 * dropped where the next attempt begins anew, and kept where that one took the running answer up again.
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
