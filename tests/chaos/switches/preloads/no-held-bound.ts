/** Loaded before an API: a key may hold any number of requests. */
import { changeSource } from '../change-source.ts';

changeSource('apps/api/src/bounds/held-requests.ts', 'if ((this.#byKey.get(key) ?? 0) >= perKey) {', 'if (false) {');
