/** The text that a journal's events have told so far: what a reader from the first event on would show. */
import type { EventData } from '@holdfast/core';
import type { JournalCell } from '../journal-cell.ts';
import { dropsText, readEvents } from './log-events.ts';

/** Reads the whole log. For the few who need it: an attempt that goes on where another one broke off. */
export async function readText(journal: JournalCell, jobId: string): Promise<string> {
  let text = '';
  for await (const event of readEvents(journal, jobId)) {
    if (dropsText(event)) text = '';
    else if (event.type === 'text.delta') text += (JSON.parse(event.json) as EventData<'text.delta'>).text;
  }
  return text;
}
