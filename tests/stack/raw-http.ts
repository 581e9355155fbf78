/** HTTP over a bare socket: for requests that no HTTP client would send. */
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  status: number;
  /** By lower-case name; of a header sent twice the last. */
  headers: Map<string, string>;
  body: string;
}

export interface RawRequest {
  method?: string;
  path: string;
  /** Line by line, as they go out. */
  headers?: readonly string[];
  /** Sets Content-Length, unless a header does so or says how else the body ends. */
  body?: string | Buffer;
}

/** The bytes of a request. Text becomes UTF-8, in headers too. */
export function requestBytes({ method = 'GET', path, headers = [], body }: RawRequest): Buffer {
  const content = Buffer.from(body ?? '');
  const delimited = headers.some((line) => /^(content-length|transfer-encoding)\s*:/i.test(line));
  const length = body === undefined || delimited ? [] : [`content-length: ${content.length}`];
  const head = [`${method} ${path} HTTP/1.1`, 'host: 127.0.0.1', ...headers, ...length, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head), content]);
}

/** A body in chunks of at most `size` bytes. */
export function chunked(body: string | Buffer, size = 65_536): Buffer {
  const bytes = Buffer.from(body);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/**
 * Sends bytes and reads one answer. The connection stays open until then, unless `halfClose` says to end our side of it.
 * @throws Error when the connection ends or `withinMs` pass before there is a whole answer
 */
export function sendBytes(
  url: string,
  bytes: Buffer,
  { withinMs = 60_000, halfClose = false } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let received: Buffer = Buffer.alloc(0);
    const settle = (error: Error | null, answer?: RawAnswer) => {
      clearTimeout(timer);
      socket.destroy();
      if (answer) resolve(answer);
      else reject(error ?? new Error('no answer'));
    };
    const timer = setTimeout(() => settle(new Error(`no whole answer within ${withinMs} ms`)), withinMs);
    socket.on('connect', () => {
      socket.write(bytes);
      if (halfClose) socket.end();
    });
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data]);
      const answer = parseAnswer(received);
      if (answer) settle(null, answer);
    });
    socket.on('end', () => settle(new Error(`the connection ended after "${received.toString().slice(0, 200)}"`)));
    socket.on('error', (error) => settle(error));
  });
}

/** The answer in these bytes, if it is whole. */
function parseAnswer(bytes: Buffer): RawAnswer | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const end = headEnd + 4 + Number(headers.get('content-length') ?? 0);
  if (bytes.length < end) return null;
  return { status: Number(statusLine.split(' ')[1]), headers, body: bytes.toString('utf8', headEnd + 4, end) };
}
