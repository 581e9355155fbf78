/** Follows one job and draws it on the page, until the job has ended or the page shows something else. */
import type { Holdfast, Job } from '/demo/client/index.js';
import { type Drawing, draw } from './page.ts';
import { noProgress, progressAfter } from './progress.ts';

/** About 30 frames a second. By a timer: animation frames stop in a tab in the background. */
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
    this.#drawing = { progress, reattached, isReconnecting: false, isStopping: false, ended: null };
    draw(this.#drawing);
  }

  /** Resolves when the stream has ended. Throws the signal's reason when the page shows something else. */
  async follow(signal: AbortSignal): Promise<void> {
    const onReconnect = () => this.#change({ isReconnecting: true, reattached: this.#drawing.reattached + 1 });
    signal.addEventListener('abort', () => clearTimeout(this.#drawTimer));
    for await (const snapshot of this.#holdfast.stream(this.#id, { signal, onReconnect })) {
      const progress = progressAfter(this.#drawing.progress, snapshot);
      this.#change({ progress, isReconnecting: false });
    }
    const ended = await this.#holdfast.get(this.#id, { signal });
    this.#change({ ended, isReconnecting: false, isStopping: false });
  }

  /** Requests that the job stops; its events show when it has stopped. */
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
