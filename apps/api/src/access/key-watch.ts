/**
 * Watches the API keys of held requests. A request whose key is revoked hears of it within 5 s: `findCaller` caches a key for 3 s,
 * this file checks once a second, and a check takes time.
 *
 * There is one check per key, however many requests it holds. A check that fails says nothing about the key: while Redis is
 * away, the requests go on.
 */
import type { FindCaller } from './authenticate.ts';

const CHECK_EVERY_MS = 1_000;

export class KeyWatch {
  readonly #findCaller: FindCaller;
  readonly #onRevoked = new Map<string, Set<() => void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(findCaller: FindCaller) {
    this.#findCaller = findCaller;
  }

  /** Calls `onRevoked` once when the key turns out to be revoked. @returns how to stop watching */
  follow(apiKey: string, onRevoked: () => void): () => void {
    const followers = this.#onRevoked.get(apiKey) ?? new Set();
    followers.add(onRevoked);
    this.#onRevoked.set(apiKey, followers);
    this.#timer ??= setInterval(() => this.#checkAll(), CHECK_EVERY_MS);
    return () => {
      followers.delete(onRevoked);
      if (followers.size === 0 && this.#onRevoked.get(apiKey) === followers) this.#onRevoked.delete(apiKey);
      if (this.#onRevoked.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #checkAll(): void {
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
