/** What outlives an attempt, as a job's journal and record do: in memory, for one run of a task in a test. */
import type { EventData, EventType, JobEvent, JsonValue } from '@holdfast/core';
import type { StoredResult } from '../context/task-host.ts';
import type { ModelRequest } from './scripted-model.ts';

/** A call that was made to the model: each is paid. */
export interface ModelCall extends ModelRequest {
  /** Of the call, the same in every attempt. */
  id: string;
  /** The run of the task that made it, from 1. */
  attempt: number;
  /** Readers see its text as it comes. */
  stream: boolean;
  /** lost: a crash came before the answer was stored. */
  outcome: 'answered' | 'failed' | 'lost';
}

export class MemoryJournal {
  readonly events: JobEvent[] = [];
  readonly calls: ModelCall[] = [];
  readonly answers = new Map<string, StoredResult<string | null>>();
  readonly steps = new Map<string, StoredResult<JsonValue>>();
  /** Ids of visible calls that were begun and are not over. */
  readonly openVisible = new Set<string>();
  /** The text in the journal isn't what a reader shall keep. */
  textDiscarded = false;
  /** Steps and calls that were replayed, in order: a step by its path, a call by its id. */
  readonly replayed: string[] = [];

  write<Type extends EventType>(type: Type, data: EventData<Type>): void {
    this.events.push({ seq: this.events.length + 1, type, data } as JobEvent);
  }

  /** As a reader sees it who has all events. */
  get text(): string {
    let text = '';
    for (const { type, data } of this.events) {
      if (type === 'attempt.started' && !data.resumed) text = '';
      else if (type === 'text.delta') text += data.text;
    }
    return text;
  }
}
