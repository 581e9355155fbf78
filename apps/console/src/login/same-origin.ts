/**
 * Protects against forged requests. A change with a session cookie passes three checks:
 *
 *   1. The cookie is `SameSite=Strict`: requests of other sites come without it. But a site ignores port and subdomain:
 *      a page on localhost:3000 is the same site as this console on localhost:3001.
 *   2. So a changing request must come from exactly this origin; this file checks that. Browsers send `Sec-Fetch-Site`,
 *      which no script can set. Where they don't (plain HTTP, except on localhost), they send `Origin` with every changing
 *      request. A request with neither is refused, because no browser sends one. This also protects the actions of Bull
 *      Board, whose scripts send no token.
 *   3. A change through the admin API also has the session's CSRF token in a header.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { RequestError } from '@holdfast/core';
import type { Request, RequestHandler } from '@holdfast/service/http';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether the request can change nothing. */
export function isSafe({ method }: Pick<Request, 'method'>): boolean {
  return SAFE_METHODS.has(method);
}

export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (!origin || !host || !URL.canParse(origin)) return false;
  return new URL(origin).host === host.toLowerCase();
}

/** Refuses changing requests that don't come from the console's own pages. @throws RequestError `forbidden` */
export const refuseForeignOrigin: RequestHandler = (request, _response, next) => {
  if (isSafe(request) || isSameOrigin(request.headers)) return next();
  throw new RequestError('forbidden', 'This request does not come from a page of the console.');
};
