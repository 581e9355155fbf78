/** Follows one job and keeps the page drawn, until it has ended or the page turns to something else. */
import type { Holdfast, Job } from '/demo/client/index.js';
import { type Drawing, draw } from './page.ts';
import { noProgress, progressAfter } from './progress.ts';

/** About 30 pictures a second. A timer, not an animation frame: those stand still in a tab in the background. */
const DRAW_EVERY_MS = 33;

export class FollowedJob {
  readonly #holdfast: Holdfast;
  readonly #id: string;
  #drawing: Drawing;
  #drawTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(holdfast: Holdfast, job: Job, reattached: number) {
    this.#holdfast = holdfast;
    this.#id = job.id;
    const progress = { ...noProgress, status: job.status };
    this.#drawing = { progress, reattached, isMending: false, isStopping: false, ended: null };
    draw(this.#drawing);
  }

  /** Resolves when the stream is over. Throws the signal's reason when the page turns to something else. */
  async follow(signal: AbortSignal): Promise<void> {
    const onReconnect = () => this.#change({ isMending: true, reattached: this.#drawing.reattached + 1 });
    signal.addEventListener('abort', () => clearTimeout(this.#drawTimer));
    for await (const snapshot of this.#holdfast.stream(this.#id, { signal, onReconnect })) {
      const progress = progressAfter(this.#drawing.progress, snapshot);
      this.#change({ progress, isMending: false });
    }
    const ended = await this.#holdfast.get(this.#id, { signal });
    this.#change({ ended, isMending: false, isStopping: false });
  }

  /** Asks for the job to be stopped; the journal says when it is. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#change({ isStopping: true });
    try {
      await this.#holdfast.cancel(this.#id, { signal });
    } catch (error) {
      this.#change({ isStopping: false });
      throw error;
    }
  }

  #change(change: Partial<Drawing>): void {
    this.#drawing = { ...this.#drawing, ...change };
    this.#drawTimer ??= setTimeout(() => {
      this.#drawTimer = undefined;
      draw(this.#drawing);
    }, DRAW_EVERY_MS);
  }
}
