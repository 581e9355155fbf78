/**
 * Security headers, as helmet sets them. helmet runs once, when the app is made: the result is the same for every answer, and its
 * fifteen steps cost more than some answers. An answer gets the headers when its head is written. Headers that it has set itself
 * stay, such as the policies of pages.
 */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet, { type HelmetOptions } from 'helmet';

export type HeaderValues = Readonly<Record<string, string>>;

/** For answers that are not pages: nothing in them may load or run anything. Pages set their own policies. */
const noPage: HelmetOptions = {
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
};

/** @param options default: for a server without pages. They must not depend on the request. */
export function securityHeaders(options: HelmetOptions = noPage): HeaderValues {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  helmet(options)(request, response, (error) => {
    if (error) throw error;
  });
  return Object.freeze(Object.fromEntries(response.getHeaderNames().map((n) => [n, String(response.getHeader(n))])));
}
