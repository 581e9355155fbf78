/** Loaded before an API: Redis' settings are not checked again while it runs. */
import { changeSource } from '../change-source.ts';

changeSource(
  'packages/redis/src/server-watch.ts',
  'this.#timer = setInterval(() => this.#checkQuietly(), EVERY_MS);',
  '',
);
