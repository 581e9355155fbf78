/**
 * For development and for checks of single components: answers the admin API with made-up data, and serves the built app under
 * the policy of the console. Every answer is parsed by the contract's schema, so what is made up can't drift from it.
 * The role is the key that one logs in with: `viewer`, `operator` or `admin`.
 *
 *   node --conditions=holdfast-source apps/console/web/testing/fixture-server.ts
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADMIN_PATH, mayActAs, type Operation, operations, type Role, roles } from '@holdfast/admin';
import { answers } from './fixture-answers.ts';
import { eventStream } from './fixture-events.ts';
import { type FixtureRequest, NotThere } from './fixture-parts.ts';

const built = join(import.meta.dirname, '../../dist/web');
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'";
const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

interface Match {
  name: keyof typeof operations;
  operation: Operation;
  params: Record<string, string>;
}

function match(method: string, path: string): Match | null {
  for (const [name, operation] of Object.entries(operations) as [keyof typeof operations, Operation][]) {
    const pattern = new RegExp(`^${operation.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
    const found = operation.method === method ? pattern.exec(path) : null;
    if (found) {
      const params = Object.entries(found.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]);
      return { name, operation, params: Object.fromEntries(params) };
    }
  }
  return null;
}

const roleOf = (request: IncomingMessage): Role | null => {
  const named = /\brole=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
  return roles.find((role) => role === named) ?? null;
};

function refuse(response: ServerResponse, status: number, code: string, detail: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ status, code, detail, request_id: 'req_fixture' }));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : JSON.parse(text);
}

async function answerApi(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const method = request.method ?? 'GET';
  const found = match(method, url.pathname.slice(ADMIN_PATH.length));
  if (!found) return refuse(response, 404, 'not_found', `There is no ${method} ${url.pathname}.`);
  const { name, operation, params } = found;
  const role = roleOf(request);
  if (operation.role !== null && role === null) return refuse(response, 401, 'unauthenticated', 'Log in first.');
  if (operation.role !== null && role !== null && !mayActAs(role, operation.role)) {
    return refuse(response, 403, 'forbidden', `The role ${role} may not do this.`);
  }
  if (operation.response === 'stream') return eventStream(response, params.id ?? '');
  const body = operation.body?.parse(await bodyOf(request));
  const asked: FixtureRequest = { params, query: Object.fromEntries(url.searchParams), body, role };
  const answer = answers[name](asked);
  if (name === 'login') response.setHeader('set-cookie', `role=${(answer as { role: string }).role}; Path=/`);
  if (name === 'logout') response.setHeader('set-cookie', 'role=; Path=/; Max-Age=0');
  if (operation.response === null) return void response.writeHead(204).end();
  response.writeHead(operation.status ?? 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(operation.response.parse(answer)));
}

function serveFile(response: ServerResponse, path: string): void {
  const file = join(built, normalize(path));
  const found = extname(path) !== '' && file.startsWith(built) && existsSync(file) ? file : join(built, 'index.html');
  response.writeHead(200, {
    'content-type': types[extname(found)] ?? 'text/html; charset=utf-8',
    'content-security-policy': policy,
  });
  createReadStream(found).pipe(response);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (!url.pathname.startsWith(ADMIN_PATH)) return serveFile(response, url.pathname);
  try {
    await answerApi(request, response, url);
  } catch (error) {
    if (error instanceof NotThere) return refuse(response, 404, 'not_found', error.message);
    console.error(`${request.method} ${request.url}:`, error);
    refuse(response, 500, 'internal_error', String(error));
  }
}

export interface FixtureServer {
  url: string;
  close(): Promise<void>;
}

/** @param port 0: any free one */
export async function startFixtureServer(port = 0): Promise<FixtureServer> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startFixtureServer(Number(process.env.PORT ?? 3006));
  console.log(`${url}   log in with: viewer, operator or admin`);
}
