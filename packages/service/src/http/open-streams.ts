/**
 * The open event streams of this process. One timer sends heartbeats to all of them, and one listener ends all of them when the process
 * stops, so that a waiting reader needs neither.
 *
 * Streams get their heartbeats in fifteen turns, because ten thousand at once would delay everything else.
 */
import type { SseSink } from './sse-sink.ts';

/** Who reads a stream. */
interface Reader {
  stop(): void;
}

const TURNS = 15;

export class OpenStreams {
  readonly #turns = Array.from({ length: TURNS }, () => new Map<Reader, SseSink>());
  readonly #heartbeatMs: number;
  readonly #stopping: AbortSignal;
  #turn = 0;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param heartbeatMs time between two heartbeats of a stream */
  constructor({ heartbeatMs, stopping }: { heartbeatMs: number; stopping: AbortSignal }) {
    this.#heartbeatMs = heartbeatMs;
    this.#stopping = stopping;
    stopping.addEventListener('abort', () => {
      for (const streams of this.#turns) for (const reader of [...streams.keys()]) reader.stop();
    });
  }

  add(reader: Reader, sink: SseSink): void {
    this.#turns[this.#turn]?.set(reader, sink);
    this.#size += 1;
    this.#timer ??= setInterval(() => this.#beat(), this.#heartbeatMs / TURNS);
    if (this.#stopping.aborted) reader.stop();
  }

  delete(reader: Reader): void {
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
