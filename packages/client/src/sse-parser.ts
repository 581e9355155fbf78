/**
 * Parses Server-Sent Events from bytes that may be cut anywhere: in a line, in a CRLF, in a character (WHATWG HTML, 9.2.6).
 *
 * It does not reconnect, carry an id over to later events, or know what an event means.
 */

/** One dispatched event. `id` is null when the event itself has no id. */
export interface SseMessage {
  id: string | null;
  type: string;
  data: string;
}

export class SseParser {
  readonly #decoder = new TextDecoder();
  /** The beginning of a line whose end has not come yet. */
  #line = '';
  /** The last character was a CR: a LF that follows belongs to it. */
  #afterCr = false;
  #id: string | null = null;
  #type = '';
  #data: string[] = [];

  /**
   * Takes the next bytes and returns the events that they complete. An event is complete only with the empty line after
   * it: an event that was cut off is never returned.
   */
  push(bytes: Uint8Array): SseMessage[] {
    const messages: SseMessage[] = [];
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === '') return messages;
    if (this.#afterCr && text.startsWith('\n')) text = text.slice(1);
    this.#afterCr = text === '' ? false : text.endsWith('\r');
    // Only new text is searched, so a line of many chunks takes time by its length, not by the square of it.
    let start = 0;
    for (const { 0: lineEnd, index } of text.matchAll(/\r\n|\r|\n/g)) {
      const message = this.#takeLine(this.#line + text.slice(start, index));
      if (message !== null) messages.push(message);
      this.#line = '';
      start = index + lineEnd.length;
    }
    this.#line += text.slice(start);
    return messages;
  }

  #takeLine(line: string): SseMessage | null {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') this.#id = value;
    else if (field === 'event') this.#type = value;
    else if (field === 'data') this.#data.push(value);
    return null;
  }

  #dispatch(): SseMessage | null {
    const message = { id: this.#id, type: this.#type || 'message', data: this.#data.join('\n') };
    const isEmpty = this.#data.length === 0;
    this.#id = null;
    this.#type = '';
    this.#data = [];
    return isEmpty ? null : message;
  }
}
