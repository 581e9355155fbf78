/** The text that a journal's events have told so far: what a reader from the first event on would show. */
import type { EventData } from '@holdfast/core';
import type { Journal } from './journal.ts';
import { readLog } from './read-log.ts';

/** Reads the whole log. For the few who need it: an attempt that goes on where another one broke off. */
export async function readText(journal: Journal, jobId: string): Promise<string> {
  let text = '';
  for await (const { bytes } of readLog(journal, jobId, 0)) {
    for (const event of bytes.toString().split('\n\n')) {
      const [, type, data] = event.split('\n').map((line) => line.slice(line.indexOf(' ') + 1));
      if (type === 'text.delta') text += (JSON.parse(data ?? '') as EventData<'text.delta'>).text;
      if (type === 'job.accepted') text = '';
      if (type === 'attempt.started' && !(JSON.parse(data ?? '') as EventData<'attempt.started'>).resumed) text = '';
    }
  }
  return text;
}
