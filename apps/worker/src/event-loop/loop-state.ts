/** A loop that isn't blocked beats this often, in ms. */
export const BEAT_MS = 250;

const [BEATS, TAKES_JOBS, DEBUGGED] = [0, 1, 2];

/** What the main thread lets its watcher see, in memory that both have: it can be read while the main thread is blocked. */
export class LoopState {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(memory = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cells = new Int32Array(memory);
  }

  /** The event loop runs. */
  beat(): void {
    Atomics.add(this.#cells, BEATS, 1);
  }

  get beats(): number {
    return Atomics.load(this.#cells, BEATS);
  }

  /** Whether the process still takes jobs, or stops. */
  get takesJobs(): boolean {
    return Atomics.load(this.#cells, TAKES_JOBS) === 1;
  }

  set takesJobs(takes: boolean) {
    Atomics.store(this.#cells, TAKES_JOBS, takes ? 1 : 0);
  }

  /** Whether a debugger can stop the main thread: then it may be silent for as long as a person thinks. */
  get isDebugged(): boolean {
    return Atomics.load(this.#cells, DEBUGGED) === 1;
  }

  set isDebugged(debugged: boolean) {
    Atomics.store(this.#cells, DEBUGGED, debugged ? 1 : 0);
  }
}
