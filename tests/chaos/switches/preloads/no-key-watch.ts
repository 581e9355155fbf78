/** Loaded before an API: nobody watches the API keys of held requests. */
import { changeSource } from '../change-source.ts';

const check = 'this.#timer ??= setInterval(() => this.#checkAll(), CHECK_EVERY_MS);';
changeSource('apps/api/src/access/key-watch.ts', check, '');
