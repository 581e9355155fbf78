/**
 * An HTTP answer as a place for events, with back-pressure: bytes go out slice by slice, and the next one only when the
 * one before has left. So a reader who stops reading costs this process one window of the log (256 KB) at most, whatever
 * the journal holds; and when a slice doesn't leave in time the reader is cut off, and may resume from its last event.
 */
import type { EventSink } from '@holdfast/journal';
import type { Response } from '@holdfast/service';

const SLICE_BYTES = 65_536;
/** The same for all: a reader who waits holds no buffer. */
const NOTHING = Buffer.alloc(0);

export const EVENT_STREAM = 'text/event-stream; charset=utf-8';

export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

export class SseSink implements EventSink {
  readonly #response: Response;
  readonly #stallMs: number;
  #unsent: Buffer = NOTHING;
  /** The last bytes of what was written: an event ends with an empty line, and windows of a log need not end there. */
  #tail = '\n\n';

  /** Starts the answer. @param stallMs how long one slice may take */
  constructor(response: Response, { stallMs }: { stallMs: number }) {
    this.#response = response;
    this.#stallMs = stallMs;
    // no-transform and x-accel-buffering: proxies (nginx among them) must neither compress nor collect.
    const forProxies = { 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' };
    response.writeHead(200, { 'content-type': EVENT_STREAM, ...forProxies }).flushHeaders();
  }

  /** A comment, so that nobody on the way takes the connection for dead. */
  beat(): void {
    // In the middle of an event a comment would tear it apart.
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

  /** Whatever has not left this process is not sent any more. `close` ends the answer. */
  cut(): void {
    this.#unsent = NOTHING;
    // It may be a long while until a slow reader has taken what lies there.
    if (this.#response.writableLength > 0) this.#response.destroy();
  }

  /** Ends the answer. A reader who is to come back for more sees the connection close without a terminal event. */
  close(): void {
    this.#response.end();
  }

  #drain(): Promise<void> {
    const response = this.#response;
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(timer);
        response.off('drain', onDrain).off('close', onClose);
        if (error) reject(error);
        else resolve();
      };
      const onDrain = () => settle();
      const onClose = () => settle(new ReaderGone('the reader left'));
      const timer = setTimeout(() => {
        settle(new ReaderGone(`the reader took nothing for ${this.#stallMs} ms`));
        response.destroy();
      }, this.#stallMs);
      response.on('drain', onDrain).on('close', onClose);
    });
  }
}
