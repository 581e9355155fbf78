/**
 * A run: one answer while it is generated, and afterwards. It stores every frame, so that all readers get the same frames from any
 * frame on, and then live ones.
 *
 *   running ──▶ completed   generated to its end
 *      ├──────▶ failed      ended by an error that was instructed
 *      ├──────▶ broken      its connection was cut as instructed
 *      ├──────▶ aborted     its client left
 *      └──────▶ cancelled   by request
 *
 * An attached run belongs to one connection: it waits where a fault stops that connection, and ends with it. A detached one
 * (background, or with an idempotency key) goes on whether or not it has readers. A run doesn't know the meaning of its frames, and
 * writes to no connection.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { JsonObject } from '../http/json.ts';

export type RunEnd = 'completed' | 'failed' | 'broken' | 'aborted' | 'cancelled';

export interface Frame {
  /** Ready-made SSE text. */
  sse: string;
  /** The number of output tokens in it. */
  tokens: number;
  /** `finish` has the reason of the text's end, `done` ends the stream. Faults can leave them out. */
  role?: 'finish' | 'done';
}

export interface Pace {
  /** ms from the start to the first token, and from token to token. */
  ttftMs: number;
  itlMs: number;
}

interface RunOptions {
  detached: boolean;
  /** The run waits before the token with this index (from 0) until `release`. */
  holdAt: number | null;
  /** The run waits before the token with this index (from 0) until `ended` is resolved. */
  pause: { at: number; ended: Promise<void> } | null;
  /** The current answer as a JSON body. */
  toBody: () => JsonObject;
  onTokens: (tokens: number) => void;
  /** A reader has left, and the run goes on. */
  onReaderLeft: () => void;
  onEnd: (end: RunEnd) => void;
}

/** After this many tokens without a pause, other runs get their turn. */
const BURST = 256;

export class Run {
  readonly frames: Frame[] = [];
  readonly detached: boolean;
  readonly toBody: () => JsonObject;
  /** The size of all frames, in UTF-16 units. */
  size = 0;
  state: RunEnd | 'running' = 'running';
  readonly #options: RunOptions;
  readonly #stop = new AbortController();
  readonly #release = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #nextFrame = Promise.withResolvers<void>();

  constructor(options: RunOptions) {
    this.#options = options;
    this.detached = options.detached;
    this.toBody = options.toBody;
  }

  /** Resolves once the run has ended; never rejects. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Why it was stopped; null: it wasn't. */
  get stopped(): RunEnd | null {
    return this.#stop.signal.aborted ? (this.#stop.signal.reason as RunEnd) : null;
  }

  /** Starts the run. `drive` pushes the frames, and throws when the run is stopped. */
  start(drive: () => Promise<'completed' | 'failed'>): void {
    const end = (state: RunEnd) => {
      this.state = state;
      this.#announce();
      this.#options.onEnd(state);
      this.#ended.resolve();
    };
    drive().then(end, () => end(this.stopped ?? 'failed'));
  }

  /** Stops the run; the first reason counts. No effect on a run that has ended. */
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
   * Yields the indexes of `count` tokens, each at start + ttft + index × itl: a late token doesn't delay the next ones.
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

  /** Yields the frames from index `from`, and then new ones. Returns when the run has ended or `signal` aborts. */
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
          await this.#nextFrame.promise;
        } else return;
      }
    } finally {
      signal.removeEventListener('abort', wake);
      if (signal.aborted && this.detached && this.state === 'running') this.#options.onReaderLeft();
    }
  }

  #announce(): void {
    const nextFrame = this.#nextFrame;
    this.#nextFrame = Promise.withResolvers<void>();
    nextFrame.resolve();
  }
}
