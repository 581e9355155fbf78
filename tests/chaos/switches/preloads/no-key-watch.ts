/** Loaded before an API: the keys of open requests are not checked again. */
import { changeSource } from '../change-source.ts';

const check = 'this.#timer ??= setInterval(() => this.#checkAll(), CHECK_EVERY_MS);';
changeSource('apps/api/src/access/key-watch.ts', check, '');
