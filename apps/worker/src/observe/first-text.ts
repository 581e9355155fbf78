/** How long an attempt took to its first text: to when the journal has it, since readers have it from there. */
export class FirstText {
  readonly #onStored: (seconds: number) => void;
  readonly #openedAt = performance.now();
  /** Number of the event; null: there is none that isn't stored. */
  #seq: number | null = null;

  /** @param onStored called once, with the time since this object was made */
  constructor(onStored: (seconds: number) => void) {
    this.#onStored = onStored;
  }

  /** @param seq number of its event */
  written(seq: number): void {
    this.#seq = seq;
  }

  /** @param seq number of the newest event that the journal has */
  stored(seq: number): void {
    if (this.#seq === null || seq < this.#seq) return;
    this.#seq = null;
    this.#onStored((performance.now() - this.#openedAt) / 1_000);
  }
}
