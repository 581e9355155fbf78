/**
 * The text that readers of a job have. Owns the job's text so far, which a job that ends without an output keeps, and whether
 * the text of earlier attempts still counts.
 */
import type { EventData } from '@holdfast/core';
import type { AttemptWriter, FieldChanges } from '@holdfast/journal';

export class EmittedText {
  readonly #writer: Pick<AttemptWriter, 'write'>;
  readonly #onBegun: () => void;
  #text = '';
  #isDiscarded: boolean;

  /**
   * @param isDiscarded an earlier attempt has begun a text that won't go on
   * @param onBegun called when the first text was written, unless it continues one
   */
  constructor(writer: Pick<AttemptWriter, 'write'>, isDiscarded: boolean, onBegun: () => void = () => undefined) {
    this.#writer = writer;
    this.#isDiscarded = isDiscarded;
    this.#onBegun = onBegun;
  }

  /** In UTF-16 units. */
  get length(): number {
    return this.#text.length;
  }

  /** Readers must drop what earlier attempts emitted. */
  get isDiscarded(): boolean {
    return this.#isDiscarded;
  }

  discard(): void {
    this.#isDiscarded = true;
  }

  /** Earlier attempts emitted this, and it goes on. */
  restore(text: string): void {
    this.#text = text;
  }

  /** Writes it to the journal. @param changes fields that are stored together with it */
  emit(delta: EventData<'text.delta'>, changes: FieldChanges = {}): void {
    const isFirst = this.#text === '';
    this.#text += delta.text;
    this.#writer.write('text.delta', delta, changes);
    if (isFirst) this.#onBegun();
  }

  /** For the end of a job that has no output. */
  toFields(): FieldChanges {
    return this.#text === '' ? {} : { text: this.#text };
  }
}
