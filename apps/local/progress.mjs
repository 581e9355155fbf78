/**
 * Says what goes on, as numbered steps: a line when one begins, and how long it took when it is over. On a terminal the line
 * counts the seconds meanwhile; anywhere else, as in a log, what is written stays as it is.
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
  /** The step whose line is being rewritten: what it says, and when it began. */
  #live = null;

  /**
   * @param {object} options
   * @param {number} options.total how many steps there are
   * @param {number} [options.first] number of the first that is told of here; those before it are another program's
   * @param {{ isTTY?: boolean, columns?: number, write(text: string): unknown }} [options.stream]
   */
  constructor({ total, first = 1, stream = process.stdout }) {
    this.#total = total;
    this.#number = first;
    this.#stream = stream;
  }

  /** Writes a line of its own, whatever step is under way. */
  say(text) {
    this.#writeLine(text);
    if (this.#live !== null) this.#draw();
  }

  /** A step that there is nothing to do for. */
  skip(text) {
    this.#writeLine(this.#numbered(text));
  }

  /** Does `work` as the next step. Gives what it gives, and fails as it fails. */
  async step(title, work, note = '') {
    const begun = performance.now();
    const close = this.#open(this.#numbered(title), note === '' ? '' : ` (${note})`);
    let ending = 'broken off after';
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
    // A line that wraps could not be taken back. 0: a terminal that doesn't know its width.
    this.#stream.write(`${CLEAR}${text.slice(0, (this.#stream.columns || 80) - 1)}`);
  }

  /** @returns what ends the step, given how it ended */
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
