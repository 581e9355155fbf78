/**
 * Serves the web app, as `apps/console/web` builds it. Files have a digest in their names, so browsers keep them. Every other address
 * is the app's own: it gets index.html, which is never kept.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type RequestHandler, Router, serveFiles } from '@holdfast/service/http';
import { isSafe } from './login/same-origin.ts';

/** Where the build puts it, seen from the sources and from what is built of them. */
const webAppDirectory = join(import.meta.dirname, '../dist/web');

const NOT_ITS_OWN = /^\/(?:admin|queues|healthz|readyz|metrics|login\/oidc)(?:\/|$)/i;

/** Styles come from files, and as attributes that scripts set: both are the app's own. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function webAppRoutes(directory = webAppDirectory): Router {
  const router = Router();
  router.use(setPolicy);
  router.use(
    '/assets',
    serveFiles(join(directory, 'assets'), { immutable: true, maxAge: '1y', index: false, fallthrough: true }),
    // A file of an older build: index.html in its place would be run as a script.
    (_request, _response, next) => next('router'),
  );
  router.use(serveFiles(directory, { index: false, maxAge: 0 }));
  router.use((request, response, next) => {
    if (!isSafe(request) || NOT_ITS_OWN.test(request.path)) return next();
    response.setHeader('cache-control', 'no-store');
    const page = join(directory, 'index.html');
    if (existsSync(page)) return response.sendFile(page);
    response.status(503).type('text').send('The pages of the console are not built. Run: npm run build');
  });
  return router;
}

const setPolicy: RequestHandler = (request, response, next) => {
  if (!NOT_ITS_OWN.test(request.path)) response.setHeader('content-security-policy', contentSecurityPolicy);
  next();
};
