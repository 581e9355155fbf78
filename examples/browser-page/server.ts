/**
 * Serves the page and the client as they are, and passes the page's calls on to Holdfast with the API key, which never
 * leaves this server. It lets through what the page needs: submitting, and reading a job whose id one knows.
 *
 * Give it a key of its own that may submit your task alone: `holdfast keys create TENANT --scope submit --scope read --task NAME`.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const { HOLDFAST_URL = 'http://127.0.0.1:3000', HOLDFAST_API_KEY = '', APP_PORT = '4000' } = process.env;

const folders = {
  '/client/': dirname(fileURLToPath(import.meta.resolve('@holdfast/client'))),
  '/': join(import.meta.dirname, 'public'),
};
const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** `POST /v1/jobs`, `GET /v1/jobs/ID` and `GET /v1/jobs/ID/events`. */
const allowed = /^(?:POST \/v1\/jobs|GET \/v1\/jobs\/job_\w+(?:\/events)?)(?:\?|$)/;
const passedOn = ['content-type', 'idempotency-key', 'last-event-id', 'accept'] as const;

async function passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const headers = new Headers({ authorization: `Bearer ${HOLDFAST_API_KEY}` });
  for (const name of passedOn) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  const body = request.method === 'POST' ? { body: Readable.toWeb(request), duplex: 'half' as const } : {};
  const init = { method: request.method ?? 'GET', headers, signal: gone.signal, ...body };
  const answer = await fetch(HOLDFAST_URL + request.url, init);
  const { body: stream } = answer;
  response.writeHead(answer.status, Object.fromEntries(shown(answer.headers)));
  if (stream === null) response.end();
  else await pipeline(Readable.fromWeb(stream), response);
}

function shown(headers: Headers): [string, string][] {
  return [...headers].filter(([name]) =>
    /^(?:content-type|cache-control|retry-after|idempotent-replayed|etag)$/.test(name),
  );
}

async function serveFile(path: string, response: ServerResponse): Promise<void> {
  const [prefix, folder] = Object.entries(folders).find(([start]) => path.startsWith(start)) ?? ['/', folders['/']];
  const name = normalize(`/${path.slice(prefix.length)}`);
  const file = await readFile(join(folder, name === '/' ? 'index.html' : name)).catch(() => null);
  if (file === null) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': types[extname(name) || '.html'] ?? 'application/octet-stream' }).end(file);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://page');
  if (!pathname.startsWith('/v1/')) await serveFile(pathname, response);
  else if (allowed.test(`${request.method} ${request.url}`)) await passOn(request, response);
  else response.writeHead(403).end();
}

createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    // Whoever has gone away gets no answer.
    if (response.destroyed) return;
    process.stderr.write(`${request.method} ${request.url}: ${error}\n`);
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
}).listen(Number(APP_PORT), '127.0.0.1', () => process.stdout.write(`Open http://127.0.0.1:${APP_PORT}\n`));
