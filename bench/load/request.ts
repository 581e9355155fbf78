/** An HTTP/1.1 request as bytes for a socket. It is made once and sent many times, so the load costs little. */

/** A mark in a request. Each sent request has another number in its place. Only for headers: the length of the body is already fixed. */
export const FRESH = '%FRESH%';

/** A mark in a request. The command's API keys take its place, in turn. */
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
