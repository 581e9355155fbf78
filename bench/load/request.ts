/** An HTTP/1.1 request as the bytes that go over the wire: made once, sent often, so that the load costs little. */

/** In a request: replaced by a number that no other request has. In headers only, since the body's length is counted before. */
export const FRESH = '%FRESH%';

/** In a request: replaced by each of the order's API keys in turn. */
export const API_KEY = '%API-KEY%';

export interface RequestParts {
  method: 'GET' | 'POST';
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
}

export function requestText({ method, path, headers = {}, body }: RequestParts): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const all = {
    host: '127.0.0.1',
    ...headers,
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`;
}
