/** Loaded before an API: an open request still counts after its client has disconnected. */
import { changeSource } from '../change-source.ts';

changeSource('apps/api/src/bounds/held-requests.ts', "response.once('close', release);", '');
