/** The text in a journal so far: what a reader would show who has attached from the first event. */
import type { EventData } from '@holdfast/core';
import type { JournalCell } from '../journal-cell.ts';
import { dropsText, readEvents } from './log-events.ts';

/** Reads the whole log. For an attempt that continues the text of an earlier one. */
export async function readText(journal: JournalCell, jobId: string): Promise<string> {
  let text = '';
  for await (const event of readEvents(journal, jobId)) {
    if (dropsText(event)) text = '';
    else if (event.type === 'text.delta') text += (JSON.parse(event.json) as EventData<'text.delta'>).text;
  }
  return text;
}
