/**
 * A run: one answer while it is generated and after. It keeps every frame it has made, so that whoever reads, whenever,
 * from whatever frame, gets the same ones and goes on live.
 *
 *   running ──▶ completed   generated whole
 *      ├──────▶ failed      ended by an error that was ordered
 *      ├──────▶ broken      its connection was cut by order
 *      ├──────▶ aborted     its client went away
 *      └──────▶ cancelled   by request
 *
 * An attached run belongs to one connection: it is held where a fault holds that connection, and is stopped with it.
 * A detached one (background, or under an idempotency key) goes on whatever becomes of its readers.
 * Does not know what its frames mean, and writes to no connection.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { JsonObject } from '../http/json.ts';

export type RunEnd = 'completed' | 'failed' | 'broken' | 'aborted' | 'cancelled';

export interface Frame {
  /** Ready-made SSE text. */
  sse: string;
  /** Output tokens that it carries. */
  tokens: number;
  /** `finish` says why the text ends, `done` that the stream does: faults leave them out. */
  role?: 'finish' | 'done';
}

export interface Pace {
  /** ms from the start to the first token, and from token to token. */
  ttftMs: number;
  itlMs: number;
}

interface RunOptions {
  detached: boolean;
  /** The run waits before the token of this index (from 0) until it is released. */
  holdAt: number | null;
  /** The run waits before the token of this index (from 0) until `ended` is resolved. */
  pause: { at: number; ended: Promise<void> } | null;
  /** The answer as it is now, as one JSON body. */
  toBody: () => JsonObject;
  onTokens: (tokens: number) => void;
  /** A reader went away and the run goes on. */
  onReaderLeft: () => void;
  onEnd: (end: RunEnd) => void;
}

/** Tokens without a pause between them after which others get their turn. */
const BURST = 256;

export class Run {
  readonly frames: Frame[] = [];
  readonly detached: boolean;
  readonly toBody: () => JsonObject;
  /** Of all frames, in UTF-16 units: what keeping this run costs. */
  size = 0;
  state: RunEnd | 'running' = 'running';
  readonly #options: RunOptions;
  readonly #stop = new AbortController();
  readonly #release = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #news = Promise.withResolvers<void>();

  constructor(options: RunOptions) {
    this.#options = options;
    this.detached = options.detached;
    this.toBody = options.toBody;
  }

  /** Resolved once the run has ended. Never rejected. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Why it was stopped, or null. */
  get stopped(): RunEnd | null {
    return this.#stop.signal.aborted ? (this.#stop.signal.reason as RunEnd) : null;
  }

  /** Starts generating. `drive` pushes the frames; it ends early, by a throw, when the run is stopped. */
  start(drive: () => Promise<'completed' | 'failed'>): void {
    const end = (state: RunEnd) => {
      this.state = state;
      this.#announce();
      this.#options.onEnd(state);
      this.#ended.resolve();
    };
    drive().then(end, () => end(this.stopped ?? 'failed'));
  }

  /** Stops generating; the first reason counts. No effect on a run that has ended. */
  stop(reason: 'broken' | 'aborted' | 'cancelled'): void {
    if (this.state !== 'running') return;
    this.#stop.abort(reason);
    this.#release.resolve();
    this.#stopped.resolve();
  }

  release(): void {
    this.#release.resolve();
  }

  push(frame: Frame): void {
    this.frames.push(frame);
    this.size += frame.sse.length;
    if (frame.tokens > 0) this.#options.onTokens(frame.tokens);
    this.#announce();
  }

  /**
   * The indexes of `count` tokens, each at start + ttft + index × itl: a late token doesn't make the next ones late.
   * Returns after the last one; throws when the run is stopped.
   */
  async *paceTokens(count: number, { ttftMs, itlMs }: Pace): AsyncGenerator<number, void> {
    const startedAt = performance.now();
    const signal = this.#stop.signal;
    const { pause } = this.#options;
    for (let index = 0; index <= count; index++) {
      if (index === this.#options.holdAt) await this.#release.promise;
      if (index === pause?.at) await Promise.race([pause.ended, this.#stopped.promise]);
      signal.throwIfAborted();
      if (index === count && count > 0) return;
      const waitMs = startedAt + ttftMs + index * itlMs - performance.now();
      if (waitMs > 0) await setTimeout(Math.ceil(waitMs), undefined, { signal });
      else if (index % BURST === BURST - 1) await setImmediate(undefined, { signal });
      if (index < count) yield index;
    }
  }

  /** Frames from index `from` on, and then the new ones; returns when the run has ended or `signal` is aborted. */
  async *read(from: number, signal: AbortSignal): AsyncGenerator<Frame, void> {
    const wake = () => this.#announce();
    signal.addEventListener('abort', wake);
    try {
      for (let next = from; !signal.aborted; ) {
        const frame = this.frames[next];
        if (frame !== undefined) {
          next++;
          yield frame;
        } else if (this.state === 'running') {
          await this.#news.promise;
        } else return;
      }
    } finally {
      signal.removeEventListener('abort', wake);
      if (signal.aborted && this.detached && this.state === 'running') this.#options.onReaderLeft();
    }
  }

  #announce(): void {
    const news = this.#news;
    this.#news = Promise.withResolvers<void>();
    news.resolve();
  }
}
