/** A reader's position in a journal. Only the event with the next number may follow. */
import type { JobEvent } from '@holdfast/core';
import { HoldfastConnectionError } from './errors.ts';
import type { SseMessage } from './sse-parser.ts';
import { isTerminalEvent } from './terminal.ts';

export class EventCursor {
  #seq: number;
  #hasMoved = false;
  #isAtTerminal = false;

  /** @throws RangeError unless `after` is a whole number from 0 */
  constructor(after: number) {
    if (!Number.isSafeInteger(after) || after < 0) throw new RangeError(`after must be a whole number ≥ 0: ${after}`);
    this.#seq = after;
  }

  /** Number of the last event taken. */
  get seq(): number {
    return this.#seq;
  }

  get hasMoved(): boolean {
    return this.#hasMoved;
  }

  /** Whether the last event taken was a terminal one. */
  get isAtTerminal(): boolean {
    return this.#isAtTerminal;
  }

  /**
   * Takes a message as the next event. Returns null for a message that is not an event (no number) or is known already.
   * @throws HoldfastConnectionError when a number before it is missing, or it can't be read; the cursor does not move
   */
  take(message: SseMessage): JobEvent | null {
    if (message.id === null) return null;
    const seq = Number(message.id);
    if (!/^\d+$/.test(message.id) || !Number.isSafeInteger(seq)) throw unreadable(`an event numbered "${message.id}"`);
    if (seq <= this.#seq) return null;
    if (seq > this.#seq + 1) {
      throw new HoldfastConnectionError('stream_gap', `Event ${seq} came after event ${this.#seq}.`);
    }
    const event = { seq, type: message.type, data: dataOf(message) } as JobEvent;
    this.#seq = seq;
    this.#hasMoved = true;
    this.#isAtTerminal = isTerminalEvent(event);
    return event;
  }
}

function dataOf(message: SseMessage): unknown {
  try {
    return JSON.parse(message.data);
  } catch {
    throw unreadable(`event ${message.id}, whose data is not JSON`);
  }
}

function unreadable(what: string): HoldfastConnectionError {
  return new HoldfastConnectionError('stream_unreadable', `The stream contained ${what}.`);
}
