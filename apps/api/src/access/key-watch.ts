/**
 * Looks after the keys of held requests: one whose key was revoked is told so within 5 s of the revocation (3 s for which
 * `findCaller` remembers a key, 1 s between looks, and the time of a look).
 *
 * One look per key, however many requests it holds. A look that fails says nothing about the key: while Redis is away they
 * go on.
 */
import type { Caller } from '@holdfast/core';

const LOOK_EVERY_MS = 1_000;

export class KeyWatch {
  readonly #findCaller: (apiKey: string) => Promise<Caller | null>;
  readonly #onRevoked = new Map<string, Set<() => void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(findCaller: (apiKey: string) => Promise<Caller | null>) {
    this.#findCaller = findCaller;
  }

  /** Calls `onRevoked` once when the key is found revoked. Returns how to stop that. */
  follow(apiKey: string, onRevoked: () => void): () => void {
    const followers = this.#onRevoked.get(apiKey) ?? new Set();
    followers.add(onRevoked);
    this.#onRevoked.set(apiKey, followers);
    this.#timer ??= setInterval(() => this.#lookAtAll(), LOOK_EVERY_MS);
    return () => {
      followers.delete(onRevoked);
      if (followers.size === 0 && this.#onRevoked.get(apiKey) === followers) this.#onRevoked.delete(apiKey);
      if (this.#onRevoked.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #lookAtAll(): void {
    for (const [apiKey, followers] of this.#onRevoked) {
      this.#findCaller(apiKey).then(
        (caller) => {
          if (caller === null) for (const onRevoked of [...followers]) onRevoked();
        },
        () => undefined,
      );
    }
  }
}
