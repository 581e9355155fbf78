/** Loaded before an API: a held request goes on counting when its client has left. */
import { changeSource } from '../change-source.ts';

changeSource('apps/api/src/bounds/held-requests.ts', "response.once('close', release);", '');
