/**
 * The address of a server, as people write it. What is clear is accepted; anything else is refused, and the error says
 * what to write instead.
 *
 *   http://host:3000/        as it is, without the slash; a path before the API's own stays
 *   http://host:3000/v1/     without the API's own path, which is added to every request
 *   localhost:3000           http, on this machine only: elsewhere a guess must not send a key unencrypted
 */

const WEB = /^https?:$/;
/** `host`, `host:port`, either with a path: what a browser's address bar takes. */
const WITHOUT_SCHEME = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?(?:[/?#]|$)/i;
const THIS_MACHINE = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

interface ServerUrlOptions {
  /** Where the server's API begins: removed from an address that ends with it. Default `/v1`. */
  apiPath?: string | undefined;
  /** What a relative address is relative to, as the page in a browser. Default: addresses are absolute. */
  base?: string | undefined;
}

/**
 * The root of a server, without a slash at its end: paths of requests are added to it.
 * @throws TypeError saying what is wrong with the address and what to write. It never shows a user name, password or query.
 */
export function serverRootOf(address: string, { apiPath = '/v1', base }: ServerUrlOptions = {}): string {
  const url = parse(address.trim(), base);
  if (url.username || url.password) throw new TypeError(`has a user name or password; leave it out: ${url.origin}`);
  if (url.search || url.hash)
    throw new TypeError(`has a query or fragment; leave it out: ${url.origin}${url.pathname}`);
  const path = url.pathname.replace(/\/+$/, '');
  return url.origin + (path.endsWith(apiPath) ? path.slice(0, -apiPath.length).replace(/\/+$/, '') : path);
}

function parse(address: string, base: string | undefined): URL {
  // `localhost:3000` would be read as the scheme "localhost:".
  const hasNoScheme = isHostAndPort(address) || (base === undefined && !URL.canParse(address));
  // An empty address is the page's server; the rest of the page's path does not matter.
  return hasNoScheme ? withScheme(address) : webUrl(new URL(address || '/', base));
}

function webUrl(url: URL): URL {
  if (WEB.test(url.protocol)) return url;
  throw new TypeError(`begins with "${url.protocol}"; write an address that begins with http:// or https://`);
}

function isHostAndPort(address: string): boolean {
  return WITHOUT_SCHEME.test(address) && /^[^/]+:\d/.test(address);
}

function withScheme(address: string): URL {
  if (address === '') throw new TypeError('is empty; write an address such as http://127.0.0.1:3000');
  const assumed = `http://${address}`;
  if (!WITHOUT_SCHEME.test(address) || !URL.canParse(assumed)) {
    throw new TypeError('is not an address; write one such as http://127.0.0.1:3000');
  }
  const url = new URL(assumed);
  if (THIS_MACHINE.test(url.hostname)) return url;
  throw new TypeError(`has no scheme; write https://${url.host} (or http://${url.host})`);
}
