/**
 * Copies a leader's events into a follower's journal: text, provider events and steps, but not its attempts, calls and errors. Its
 * provider's ids are rewritten, and so is its own id where a task has made it part of its text.
 */
import type { EventData, EventType, JsonValue } from '@holdfast/core';
import { type AttemptWriter, dropsText, type EventSink, EventSplitter, type LoggedEvent } from '@holdfast/journal';
import type { EmittedText } from '../attempt/emitted-text.ts';
import type { IdRewriter } from './rewrite-ids.ts';

interface CopyOptions {
  /** Of the follower. */
  writer: AttemptWriter;
  text: EmittedText;
  jobId: string;
  leaderId: string;
  /** null: the events hold none of a provider's ids. */
  ids: IdRewriter | null;
}

export class CopySink implements EventSink {
  readonly #options: CopyOptions;
  readonly #controller = new AbortController();
  readonly #splitter = new EventSplitter();
  /** What the leader has completed with. */
  answer: EventData<'job.completed'> | null = null;
  readonly #begin: number;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#begin = options.writer.seq;
  }

  /** Readers have something of the leader's. */
  get hasEmitted(): boolean {
    return this.#options.writer.seq > this.#begin;
  }

  /** Aborts when readers have something that no longer counts: nothing more of the leader's may be written. */
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
    await this.#options.writer.waitForDrain();
  }

  #take(event: LoggedEvent): void {
    const { writer, text } = this.#options;
    switch (event.type) {
      case 'text.delta':
        text.emit(this.#read<'text.delta'>(event));
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

  #read<Type extends EventType>({ json }: LoggedEvent): EventData<Type> {
    const { jobId, leaderId, ids } = this.#options;
    const data = JSON.parse(json.replaceAll(leaderId, jobId)) as JsonValue;
    return (ids ? ids.rewrite(data) : data) as EventData<Type>;
  }
}
