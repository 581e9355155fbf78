/**
 * Against forged requests. Whatever a session cookie may change is protected three times:
 *
 *   1. The cookie is `SameSite=Strict`: other sites' requests come without it. But "site" leaves out the port and the
 *      subdomain: a page on localhost:3000 is the same site as this console on localhost:3001.
 *   2. Therefore this guard: a request that may change something must come from this very origin. Browsers say so in
 *      `Sec-Fetch-Site`, which no script can set. Where they don't (plain HTTP, except on localhost), they still send
 *      `Origin` with every such request. A request with neither is refused: no browser sends one. This protects Bull
 *      Board's actions too, whose scripts are not ours and know no token.
 *   3. Our own forms carry a token of their session as well.
 *
 * The admin API takes no cookie, so nobody can borrow an admin's browser for it.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { RequestError } from '@holdfast/core';
import type { RequestHandler } from '@holdfast/service';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (!origin || !host || !URL.canParse(origin)) return false;
  return new URL(origin).host === host.toLowerCase();
}

/** Refuses with `forbidden` what may change something and doesn't come from the console's own pages. */
export const refuseForeignOrigin: RequestHandler = (request, _response, next) => {
  if (SAFE_METHODS.has(request.method) || isSameOrigin(request.headers)) return next();
  throw new RequestError('forbidden', 'This request does not come from a page of the console.');
};
