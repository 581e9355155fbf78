/**
 * The event streams that are open in this process. One timer sends all of them heartbeats, and one listener lets all of
 * them go when the process stops: a reader who waits has neither of its own.
 *
 * Streams beat in turns, a fifteenth of the time between two heartbeats apart: ten thousand at once would hold up the rest.
 */
import type { AttachedReader } from '@holdfast/journal';
import type { SseSink } from '../http/sse-sink.ts';

const TURNS = 15;

export class OpenStreams {
  readonly #turns = Array.from({ length: TURNS }, () => new Map<AttachedReader, SseSink>());
  readonly #heartbeatMs: number;
  readonly #stopping: AbortSignal;
  #turn = 0;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param heartbeatMs between two heartbeats of a stream */
  constructor({ heartbeatMs, stopping }: { heartbeatMs: number; stopping: AbortSignal }) {
    this.#heartbeatMs = heartbeatMs;
    this.#stopping = stopping;
    stopping.addEventListener('abort', () => {
      for (const streams of this.#turns) for (const reader of [...streams.keys()]) reader.stop();
    });
  }

  add(reader: AttachedReader, sink: SseSink): void {
    this.#turns[this.#turn]?.set(reader, sink);
    this.#size += 1;
    this.#timer ??= setInterval(() => this.#beat(), this.#heartbeatMs / TURNS);
    if (this.#stopping.aborted) reader.stop();
  }

  delete(reader: AttachedReader): void {
    if (!this.#turns.some((streams) => streams.delete(reader))) return;
    this.#size -= 1;
    if (this.#size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    this.#turn = (this.#turn + 1) % TURNS;
    for (const sink of this.#turns[this.#turn]?.values() ?? []) sink.beat();
  }
}
