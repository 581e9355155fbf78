/**
 * Held requests: event streams, waiting polls, and large answers under way. Each takes a connection, which is a file of this process,
 * for as long as its client wants. So each of them is
 *
 *   1. bounded   the settings limit how many there are per API key and in this process; one more is refused with 429
 *   2. watched   its holder is called when its API key is revoked (`key-watch.ts`), and ends it
 *   3. freed     when its answer is over: sent, broken off, or refused
 */
import { RequestError } from '@holdfast/core';
import type { Response } from '@holdfast/service/http';
import { bearerOf } from '../access/authenticate.ts';
import type { KeyWatch } from '../access/key-watch.ts';

/** Streams end with their jobs, so nobody knows when. One may end soon. */
const RETRY_AFTER_MS = 5_000;

export interface HeldLimits {
  /** Maximum in this process. */
  total: number;
  /** Maximum in this process for one API key. */
  perKey: number;
}

interface HeldRequestsOptions {
  limits: HeldLimits;
  keyWatch: KeyWatch;
  /** Called with the number of held requests whenever it changes. */
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
   * Counts the request as held until its answer is over, or until the returned function is called, which is safe to repeat.
   * @param onRevoked called once, within 5 s, when its key is revoked: nothing more may be sent
   * @throws RequestError `too_many_held`; then the request is not counted
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
    // Its client has left already: no 'close' event will come.
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
          fix: 'End some, or share one among your readers',
        },
      );
    }
    if (this.#size >= total) {
      const what = `This process has ${total} held requests (streams, polls with ?wait=, large answers)`;
      throw tooMany(what, { setting: 'MAX_HELD_REQUESTS', fix: 'Poll without ?wait= until some have ended' });
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

function tooMany(what: string, { setting, fix }: { setting: string; fix: string }): RequestError {
  return new RequestError('too_many_held', `${what}, which is the maximum (${setting}). ${fix}.`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
}
