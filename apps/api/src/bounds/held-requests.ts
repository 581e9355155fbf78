/**
 * Requests that are held: event streams, polls that wait, and large answers under way. Each costs a connection, which is a file
 * of this process, for as long as its client likes. So each of them is
 *
 *   1. bounded   as many per API key, and in this process, as the settings say; one more is refused with 429
 *   2. watched   told when its key is revoked (`key-watch.ts`); whoever holds it ends it then
 *   3. freed     when its answer is over, however it ends: sent, broken off, refused
 */
import { RequestError } from '@holdfast/core';
import type { Response } from '@holdfast/service';
import { bearerOf } from '../access/authenticate.ts';
import type { KeyWatch } from '../access/key-watch.ts';

/** Streams end with their jobs: nobody knows when there is room, but soon there may be. */
const RETRY_AFTER_MS = 5_000;

export interface HeldLimits {
  /** Held at once in this process. */
  total: number;
  /** Held at once in this process by one API key. */
  perKey: number;
}

interface HeldRequestsOptions {
  limits: HeldLimits;
  keyWatch: KeyWatch;
  /** Is told how many there are, whenever that changes. */
  onChange: (held: number) => void;
}

export class HeldRequests {
  readonly #options: HeldRequestsOptions;
  readonly #byKey = new Map<string, number>();
  #size = 0;

  constructor(options: HeldRequestsOptions) {
    this.#options = options;
  }

  /**
   * Counts the request as held until its answer is over, or until it is released by what is returned; calling that twice does
   * no harm.
   * @param onRevoked is called once, within 5 s, when its key is revoked: nothing more is to be sent
   * @throws RequestError `too_many_held`; then nothing is counted
   */
  hold(response: Response, onRevoked: () => void): () => void {
    const key = bearerOf(response.req);
    this.#admit(key);
    const unfollow = this.#options.keyWatch.follow(key, onRevoked);
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      response.off('close', release);
      unfollow();
      this.#count(key, -1);
    };
    response.once('close', release);
    // Its client has left already: there will be no other close.
    if (response.destroyed) release();
    return release;
  }

  #admit(key: string): void {
    const { total, perKey } = this.#options.limits;
    if ((this.#byKey.get(key) ?? 0) >= perKey) {
      throw tooMany(
        `This API key has ${perKey} held requests (streams, polls with ?wait=, large answers) in this process`,
        {
          setting: 'MAX_HELD_REQUESTS_PER_KEY',
          advice: 'End some, or share one among your readers',
        },
      );
    }
    if (this.#size >= total) {
      const what = `This process has ${total} held requests (streams, polls with ?wait=, large answers)`;
      throw tooMany(what, { setting: 'MAX_HELD_REQUESTS', advice: 'Poll without ?wait= until there is room' });
    }
    this.#count(key, 1);
  }

  #count(key: string, by: 1 | -1): void {
    const ofKey = (this.#byKey.get(key) ?? 0) + by;
    if (ofKey > 0) this.#byKey.set(key, ofKey);
    else this.#byKey.delete(key);
    this.#size += by;
    this.#options.onChange(this.#size);
  }
}

function tooMany(what: string, { setting, advice }: { setting: string; advice: string }): RequestError {
  return new RequestError('too_many_held', `${what}, the most there may be (${setting}). ${advice}.`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
}
