/**
 * What a leader's journal tells, on its way into a follower's: text, provider events and steps. Its attempts, calls and
 * errors are its own affair. Ids of its provider are replaced, and so is its own where a task has made it part of its text.
 */
import type { EventData, EventType, JsonValue } from '@holdfast/core';
import { dropsText, type EventSink, EventSplitter, type LoggedEvent } from '@holdfast/journal';
import type { NewIds } from '../lanes/new-ids.ts';
import type { Attempt } from './run-attempt.ts';

interface CopyOptions {
  leaderId: string;
  /** null: there are none of a provider's. */
  newIds: NewIds | null;
}

export class CopySink implements EventSink {
  readonly #attempt: Attempt;
  readonly #options: CopyOptions;
  readonly #controller = new AbortController();
  readonly #splitter = new EventSplitter();
  /** What the leader has completed with. */
  answer: EventData<'job.completed'> | null = null;
  readonly #begin: number;

  constructor(attempt: Attempt, options: CopyOptions) {
    this.#attempt = attempt;
    this.#options = options;
    this.#begin = attempt.writer.seq;
  }

  /** Readers have something of the leader's. */
  get hasEmitted(): boolean {
    return this.#attempt.writer.seq > this.#begin;
  }

  /** Aborts when readers were told something that no longer counts: no more of the leader's may be written. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Always false: `drained` is where the follower's journal takes its time. */
  write(bytes: Buffer): boolean {
    for (const event of this.#splitter.push(bytes)) {
      if (this.signal.aborted) break;
      this.#take(event);
    }
    return false;
  }

  async drained(): Promise<void> {
    await this.#attempt.writer.waitForDrain();
  }

  #take(event: LoggedEvent): void {
    const { writer } = this.#attempt;
    switch (event.type) {
      case 'text.delta':
        this.#tell(this.#read<'text.delta'>(event));
        break;
      case 'provider.event':
        writer.write(event.type, this.#read<'provider.event'>(event));
        break;
      case 'step.completed':
        writer.write(event.type, this.#read<'step.completed'>(event));
        break;
      case 'job.completed':
        this.answer = this.#read<'job.completed'>(event);
        break;
      default:
        if (this.hasEmitted && dropsText(event)) this.#controller.abort();
    }
  }

  #tell(told: EventData<'text.delta'>): void {
    const { writer } = this.#attempt;
    this.#attempt.text += told.text;
    writer.write('text.delta', told);
  }

  #read<Type extends EventType>({ json }: LoggedEvent): EventData<Type> {
    const { leaderId, newIds } = this.#options;
    const data = JSON.parse(json.replaceAll(leaderId, this.#attempt.claim.jobId)) as JsonValue;
    return (newIds ? newIds.in(data) : data) as EventData<Type>;
  }
}
