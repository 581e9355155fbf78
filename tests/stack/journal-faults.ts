/**
 * The oracle of the recovery tests: what is wrong with the journal of a job that has ended, judged by its bytes alone.
 * It knows nothing of how they came about. `journal-faults.test.ts` shows that it finds what it is there to find.
 */
import { isJsonObject, type JsonObject, type JsonValue, outputTextOf } from '@holdfast/core';

interface Entry {
  seq: number;
  type: string;
  data: JsonObject;
}

const ENDS = ['job.completed', 'job.failed', 'job.cancelled'];
const EVENT = /^id: (\d+)\nevent: ([a-z.]+)\ndata: (.*)$/;

function parseEntry(block: string): Entry | null {
  const [, seq, type, json] = EVENT.exec(block) ?? [];
  if (seq === undefined || type === undefined || json === undefined) return null;
  try {
    const data: unknown = JSON.parse(json);
    return isJsonObject(data) ? { seq: Number(seq), type, data } : null;
  } catch {
    return null;
  }
}

function numberFaults(entries: Entry[]): string[] {
  const faults: string[] = [];
  let last = 0;
  for (const { seq } of entries) {
    if (seq <= last) faults.push(`event ${seq} comes after event ${last}: a duplicate`);
    else if (seq > last + 1) faults.push(`event ${seq} comes after event ${last}: a gap`);
    last = Math.max(last, seq);
  }
  return faults;
}

/** accepted, attempts, one end; and the same again for each time that an ended job was run again. */
function orderFaults(entries: Entry[]): string[] {
  const faults: string[] = [];
  let state: 'nothing' | 'open' | 'ended' = 'nothing';
  let attempt = 0;
  for (const { seq, type, data } of entries) {
    if (type === 'job.accepted') {
      if (state === 'open') faults.push(`event ${seq} accepts an open job`);
      state = 'open';
    } else if (state === 'nothing') faults.push(`event ${seq}, ${type}, comes before the job is accepted`);
    else if (state === 'ended') {
      faults.push(ENDS.includes(type) ? `event ${seq} is a second end` : `event ${seq}, ${type}, comes after the end`);
    } else if (ENDS.includes(type)) state = 'ended';
    if (type !== 'attempt.started') continue;
    const number = Number(data.attempt);
    if (!(number > attempt)) faults.push(`event ${seq} starts attempt ${number} after attempt ${attempt}`);
    attempt = number;
  }
  return state === 'ended' ? faults : [...faults, 'the job has no end'];
}

/** What two writers mixed is in order by its numbers; it shows in the text, which is no longer the answer's. */
function textFaults(entries: Entry[]): string[] {
  const faults: string[] = [];
  let text = '';
  for (const { seq, type, data } of entries) {
    if (type === 'job.accepted' || (type === 'attempt.started' && data.resumed !== true)) text = '';
    if (type === 'text.delta') text += String(data.text);
    if (type !== 'job.completed') continue;
    const answer = outputTextOf((data.output ?? null) as JsonValue);
    if (answer !== null && answer !== text) faults.push(`the text before event ${seq} isn't that of its output`);
  }
  return faults;
}

/** What is wrong with the journal of an ended job, a sentence each; empty when nothing is. */
export function journalFaults(log: string): string[] {
  const blocks = log.split('\n\n');
  const faults: string[] = [];
  if (blocks.pop() !== '') faults.push('the log ends in the middle of an event');
  const entries: Entry[] = [];
  blocks.forEach((block, at) => {
    const entry = parseEntry(block);
    if (entry) entries.push(entry);
    else faults.push(`block ${at + 1} is no event`);
  });
  return [...faults, ...numberFaults(entries), ...orderFaults(entries), ...textFaults(entries)];
}
