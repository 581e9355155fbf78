/** Loaded before an API: a key may have any number of open requests. */
import { changeSource } from '../change-source.ts';

changeSource('apps/api/src/bounds/held-requests.ts', 'if ((this.#byKey.get(key) ?? 0) >= perKey) {', 'if (false) {');
