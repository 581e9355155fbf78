/** The page at `/demo`: static files, and the client package as the browser loads it. */
import { fileURLToPath } from 'node:url';
import { type RequestHandler, Router, serveFiles } from '@holdfast/service/http';

const page = fileURLToPath(new URL('../demo/public', import.meta.url));
const client = fileURLToPath(new URL('../../../packages/client/dist', import.meta.url));

/** Only files from this server, and nothing inline, because the page has an API key. */
const policy: RequestHandler = (_request, response, next) => {
  const own = ['script-src', 'style-src', 'img-src', 'connect-src'].map((kind) => `${kind} 'self'`).join('; ');
  response.setHeader(
    'content-security-policy',
    `default-src 'none'; ${own}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'`,
  );
  next();
};

export function demoPage(): Router {
  const router = Router();
  router.use(policy);
  router.use('/client', serveFiles(client, { index: false, redirect: false, maxAge: 0 }));
  router.use('/', serveFiles(page, { maxAge: 0 }));
  return router;
}
