/**
 * Events: the entries of a journal, and how one is written as Server-Sent Events. The log keeps exactly these bytes,
 * so attaching costs no formatting, and every reader gets the same ones.
 */
import { z } from 'zod';
import { jobErrorSchema } from '../error.ts';
import { tokensSchema, usageSchema } from './job.ts';

const providerEvent = z.record(z.string(), z.json());

/** Event types and the shape of their `data`. */
export const eventDataSchemas = {
  /** First of a journal; written again when an ended job is run again (then with `again: true`). */
  'job.accepted': z.object({ task: z.string(), lane: z.string(), again: z.boolean().optional() }),
  /** A worker begins. `attempt` > 1 without `resumed`: drop the text of earlier attempts. */
  'attempt.started': z.object({ attempt: z.int(), resumed: z.boolean() }),
  /**
   * A piece of the answer's text. `event` is the provider event it came in, kept where it holds more than the text and
   * what the event before it told.
   */
  'text.delta': z.object({ text: z.string(), event: providerEvent.optional() }),
  /** Any other provider event, as it came. */
  'provider.event': z.object({ event: providerEvent }),
  /**
   * A task's call to a provider leaves. `resumed`: none is made; one that an earlier attempt began is taken up again.
   * Built-in tasks make one call per attempt, and it needs no telling.
   */
  'call.started': z.object({ call: z.string(), model: z.string(), resumed: z.boolean() }),
  /** The provider runs that call in the background: from here on it can be taken up again. */
  'call.accepted': z.object({ call: z.string() }),
  /** That call's answer is kept and won't be paid for again. */
  'call.completed': z.object({ call: z.string(), usage: tokensSchema.nullable() }),
  'call.failed': z.object({ call: z.string(), error: jobErrorSchema }),
  /**
   * A call's provider has failed before anything of its answer was told; the call goes on at `provider`, which may be the
   * same, some time later. `call` is '' for the one call of a built-in task.
   */
  'provider.switched': z.object({ call: z.string(), provider: z.string(), error: jobErrorSchema }),
  /**
   * None of the lane's providers may be called now, because they have failed too often: the call waits, some minutes at
   * most. `error` says who has failed, and how. Told once however often it is tried meanwhile.
   */
  'call.delayed': z.object({ call: z.string(), error: jobErrorSchema }),
  /** A step of a task is done and won't run again. */
  'step.completed': z.object({ step: z.string() }),
  /** The attempt is over, the job is not: it is tried again at `retry_at` (ISO 8601 UTC). */
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

/** Events that end a job: until it is run again, nothing comes after them. */
export type TerminalEventType = Extract<EventType, 'job.completed' | 'job.failed' | 'job.cancelled'>;

/**
 * An event as SSE: `id`, `event` and one `data` line (JSON has no raw line breaks), then an empty line.
 * Journals search for `\nid: N\n`, so nothing else may be written between events.
 */
export function formatEvent<Type extends EventType>(seq: number, type: Type, data: EventData<Type>): string {
  return `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
