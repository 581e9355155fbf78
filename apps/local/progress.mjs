/**
 * Shows progress as numbered steps: a line when a step begins, and how long it took when it ends. On a terminal the line counts
 * the seconds meanwhile. Elsewhere, as in a log, no line is rewritten.
 *
 *   1/4 Installing packages (about a minute the first time) …
 *       done in 51.2 s
 *
 * Plain JavaScript, because `prepare.mjs` uses it before anything is installed or built.
 */
const TICK_MS = 1_000;
const CLEAR = '\r\u001b[K';

const secondsSince = (begun) => (performance.now() - begun) / 1_000;

export class Progress {
  #stream;
  #total;
  #number;
  /** The step whose line is being rewritten: its text, and when it began. */
  #live = null;

  /**
   * @param {object} options
   * @param {number} options.total how many steps there are
   * @param {number} [options.first] number of the first step here; another program has shown the steps before it
   * @param {{ isTTY?: boolean, columns?: number, write(text: string): unknown }} [options.stream]
   */
  constructor({ total, first = 1, stream = process.stdout }) {
    this.#total = total;
    this.#number = first;
    this.#stream = stream;
  }

  /** Writes a line, also while a step is running. */
  say(text) {
    this.#writeLine(text);
    if (this.#live !== null) this.#draw();
  }

  /** Shows a step that is finished already. */
  skip(text) {
    this.#writeLine(this.#numbered(text));
  }

  /** Runs `work` as the next step. Resolves with its result, and rejects with its error. */
  async step(title, work, note = '') {
    const begun = performance.now();
    const close = this.#open(this.#numbered(title), note === '' ? '' : ` (${note})`);
    let ending = 'failed after';
    try {
      const made = await work();
      ending = 'done in';
      return made;
    } finally {
      close(`${ending} ${secondsSince(begun).toFixed(1)} s`);
    }
  }

  #numbered(text) {
    const number = this.#number;
    this.#number += 1;
    return `${number}/${this.#total} ${text}`;
  }

  #writeLine(text) {
    this.#stream.write(`${this.#live === null ? '' : CLEAR}${text}\n`);
  }

  #draw() {
    const text = `${this.#live.label} … ${Math.round(secondsSince(this.#live.begun))} s`;
    // A wrapped line could not be rewritten. `columns` is 0 on a terminal that doesn't know its width.
    this.#stream.write(`${CLEAR}${text.slice(0, (this.#stream.columns || 80) - 1)}`);
  }

  /** @returns a function that ends the step and shows how it ended */
  #open(label, note) {
    if (this.#stream.isTTY !== true) {
      this.#writeLine(`${label}${note} …`);
      return (ending) => this.#writeLine(`    ${ending}`);
    }
    this.#live = { label: `${label}${note}`, begun: performance.now() };
    this.#draw();
    const timer = setInterval(() => this.#draw(), TICK_MS);
    return (ending) => {
      clearInterval(timer);
      this.#writeLine(`${label} … ${ending}`);
      this.#live = null;
    };
  }
}
