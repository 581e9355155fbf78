/**
 * A growing text on a stream that can't be unwritten. What an attempt begins anew is compared with what is there: while
 * both say the same nothing is printed twice; where they part, the new text begins on a line of its own.
 */
export class TextPrinter {
  readonly #write: (text: string) => void;
  #printed = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  get isEmpty(): boolean {
    return this.#printed === '';
  }

  /** @param text all of it, as it stands. Returns whether it left what was printed before. */
  show(text: string): boolean {
    if (this.#printed.startsWith(text)) return false;
    const goesOn = text.startsWith(this.#printed);
    this.#write(goesOn ? text.slice(this.#printed.length) : `\n${text}`);
    this.#printed = text;
    return !goesOn;
  }
}
