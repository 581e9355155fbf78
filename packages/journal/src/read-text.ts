/** The text that a journal's events have told so far: what a reader from the first event on would show. */
import type { EventData } from '@holdfast/core';
import type { Journal } from './journal.ts';
import { dropsText, eventsIn } from './log-events.ts';
import { readLog } from './read-log.ts';

/** Reads the whole log. For the few who need it: an attempt that goes on where another one broke off. */
export async function readText(journal: Journal, jobId: string): Promise<string> {
  let text = '';
  for await (const { bytes } of readLog(journal, jobId, 0)) {
    for (const event of eventsIn(bytes)) {
      if (dropsText(event)) text = '';
      else if (event.type === 'text.delta') text += (JSON.parse(event.json) as EventData<'text.delta'>).text;
    }
  }
  return text;
}
