/**
 * Events: the entries of a journal, and their format as Server-Sent Events. The log stores exactly these bytes: attaching
 * formats nothing, and every reader gets the same bytes.
 */
import { z } from 'zod';
import { jobErrorSchema } from '../error.ts';
import { tokensSchema, usageSchema } from './job.ts';

const providerEvent = z.record(z.string(), z.json());

/** Event types and the shape of their `data`. */
export const eventDataSchemas = {
  /** The first event of a journal. A retry writes another one, with `again: true`. */
  'job.accepted': z.object({ task: z.string(), lane: z.string(), again: z.boolean().optional() }),
  /** A worker begins an attempt. `attempt` > 1 without `resumed`: readers drop the text of earlier attempts. */
  'attempt.started': z.object({ attempt: z.int(), resumed: z.boolean() }),
  /**
   * A piece of the answer's text. `event` is the provider event that it came in, where that holds more than the text and what
   * the event before it said.
   */
  'text.delta': z.object({ text: z.string(), event: providerEvent.optional() }),
  /** Any other provider event, as it came. */
  'provider.event': z.object({ event: providerEvent }),
  /**
   * A task's provider call begins. `resumed`: the call that an earlier attempt began is resumed, and no new one is made.
   * Built-in tasks, which make one call per attempt, don't write this event.
   */
  'call.started': z.object({ call: z.string(), model: z.string(), resumed: z.boolean() }),
  /** The provider runs that call in the background: from here on it can be resumed. */
  'call.accepted': z.object({ call: z.string() }),
  /** That call's answer is stored and won't be paid for again. */
  'call.completed': z.object({ call: z.string(), usage: tokensSchema.nullable() }),
  'call.failed': z.object({ call: z.string(), error: jobErrorSchema }),
  /**
   * A call's provider has failed before any part of its answer was shown. The call goes on at `provider`, which may be the same
   * one some time later. `call` is '' for the one call of a built-in task.
   */
  'provider.switched': z.object({ call: z.string(), provider: z.string(), error: jobErrorSchema }),
  /**
   * All providers of the lane have failed too often to be called now: the call waits, a few minutes at most. `error` says which
   * have failed, and how. Written once, however often they are tried meanwhile.
   */
  'call.delayed': z.object({ call: z.string(), error: jobErrorSchema }),
  /** A step of a task is complete and won't run again. */
  'step.completed': z.object({ step: z.string() }),
  /** The attempt has failed, and the job has not: the next attempt is at `retry_at` (ISO 8601 UTC). */
  'attempt.failed': z.object({ error: jobErrorSchema, retry_at: z.iso.datetime() }),
  'job.completed': z.object({ output: z.json(), usage: usageSchema.nullable() }),
  'job.failed': z.object({ error: jobErrorSchema }),
  'job.cancelled': z.object({}),
} as const;

export type EventType = keyof typeof eventDataSchemas;
/** The `data` of each type of event. */
export type EventDataByType = { [Type in EventType]: z.infer<(typeof eventDataSchemas)[Type]> };
export type EventData<Type extends EventType> = EventDataByType[Type];

/** An event as a reader gets it. `seq` is its number in the job's journal. */
export type JobEvent = { [Type in EventType]: { seq: number; type: Type; data: EventData<Type> } }[EventType];

/** Events that end a job. Nothing comes after them, unless the job is retried. */
export type TerminalEventType = Extract<EventType, 'job.completed' | 'job.failed' | 'job.cancelled'>;

/**
 * An event as SSE: `id`, `event` and one `data` line (JSON has no raw line breaks), then an empty line.
 * Readers of logs search for `\nid: N\n`: nothing else may be written between events.
 */
export function formatEvent<Type extends EventType>(seq: number, type: Type, data: EventData<Type>): string {
  return `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
