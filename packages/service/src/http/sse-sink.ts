/**
 * Writes events to an HTTP answer, with back-pressure: bytes are sent slice by slice, and each slice only after the previous one has
 * left. So a reader who stops reading takes at most one window of the log (256 KB) of this process' memory. When a slice doesn't leave
 * in time, the reader is cut off, and may resume from its last event.
 */
import type { Response } from 'express';

const SLICE_BYTES = 65_536;
/** Shared by all: a waiting reader has no buffer of its own. */
const NOTHING = Buffer.alloc(0);

export const EVENT_STREAM = 'text/event-stream; charset=utf-8';

export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** An `EventSink` of `packages/journal`. */
export class SseSink {
  readonly #response: Response;
  readonly #stallMs: number;
  #unsent: Buffer = NOTHING;
  /** The last bytes written: an event ends with an empty line, but a window of a log may end within an event. */
  #tail = '\n\n';

  /** Starts the answer. @param stallMs time limit for one slice */
  constructor(response: Response, { stallMs }: { stallMs: number }) {
    this.#response = response;
    this.#stallMs = stallMs;
    const headers = {
      'content-type': EVENT_STREAM,
      // Proxies (such as nginx) must neither compress nor buffer it.
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    };
    response.writeHead(200, headers).flushHeaders();
  }

  /** Writes a comment, so that proxies don't take the connection for dead. */
  beat(): void {
    // A comment within an event would break it.
    const isBetweenEvents = this.#unsent.length === 0 && this.#tail === '\n\n';
    if (isBetweenEvents && !this.#response.writableNeedDrain) this.#response.write(': heartbeat\n\n');
  }

  write(bytes: Buffer): boolean {
    const slice = bytes.subarray(0, SLICE_BYTES);
    this.#tail = (this.#tail + slice.toString('latin1', Math.max(0, slice.length - 2))).slice(-2);
    const takesMore = this.#response.write(slice);
    this.#unsent = bytes.length > SLICE_BYTES ? bytes.subarray(SLICE_BYTES) : NOTHING;
    return takesMore && this.#unsent.length === 0;
  }

  async drained(): Promise<void> {
    for (;;) {
      if (this.#response.writableNeedDrain) await this.#drain();
      if (this.#response.destroyed) throw new ReaderGone('the reader left');
      if (this.#unsent.length === 0) return;
      this.write(this.#unsent);
    }
  }

  /** Sends nothing more, not even what was written but has not left this process. `close` ends the answer. */
  cut(): void {
    this.#unsent = NOTHING;
    // A slow reader might take the buffered bytes only after a long time.
    if (this.#response.writableLength > 0) this.#response.destroy();
  }

  /** Ends the answer. A reader who has to come back for more sees the connection close without a terminal event. */
  close(): void {
    this.#response.end();
  }

  #drain(): Promise<void> {
    const response = this.#response;
    return new Promise((resolve, reject) => {
      const finish = (error?: Error) => {
        clearTimeout(timer);
        response.off('drain', onDrain).off('close', onClose);
        if (error) reject(error);
        else resolve();
      };
      const onDrain = () => finish();
      const onClose = () => finish(new ReaderGone('the reader left'));
      const timer = setTimeout(() => {
        finish(new ReaderGone(`the reader took nothing for ${this.#stallMs} ms`));
        response.destroy();
      }, this.#stallMs);
      response.on('drain', onDrain).on('close', onClose);
    });
  }
}
