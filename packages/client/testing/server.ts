/** For tests: an HTTP server on loopback whose handler the test writes, and a journal to serve. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatEvent, type Job, type JobEvent } from '@holdfast/core';
import { type AttachOptions, Holdfast, type HoldfastOptions, type Reconnect } from '../src/index.ts';

// cspell:ignore Grüße

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** `nth`: the number of this request, from 1. */
type Handler = (request: SeenRequest, response: ServerResponse, nth: number) => void;

export async function startTestServer(handler: Handler) {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      requests.push(seen);
      handler(seen, response, requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client with delays that tests can afford. */
export function clientFor(url: string, options: Partial<HoldfastOptions> = {}): Holdfast {
  const retry = { baseDelayMs: 1, maxDelayMs: 2_000, ...options.retry };
  return new Holdfast({ baseUrl: url, apiKey: 'hold_test', ...options, retry });
}

export const journal: readonly string[] = [
  formatEvent(1, 'job.accepted', { task: 'chat.completions', lane: 'default' }),
  formatEvent(2, 'attempt.started', { attempt: 1, resumed: false }),
  formatEvent(3, 'text.delta', { text: 'Grüße ' }),
  formatEvent(4, 'text.delta', { text: '🦊, ' }),
  formatEvent(5, 'text.delta', { text: 'bye.' }),
  formatEvent(6, 'job.completed', { output: null, usage: null }),
];

export function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.flushHeaders();
}

/** The number of the last event that the client has, from its header. */
export function cursorOf(request: SeenRequest): number {
  return Number(request.headers['last-event-id'] ?? 0);
}

export function jobLike(members: Partial<Job>): Partial<Job> {
  return { id: 'job_1', object: 'job', status: 'queued', cursor: 1, ...members };
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export function sendProblem(response: ServerResponse, status: number, problem: object, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  response.end(JSON.stringify(problem));
}

/** Breaks the connection, whatever has been sent. */
export function hangUp(response: ServerResponse): void {
  response.socket?.destroy();
}

export const wholeJournal = Buffer.from(journal.join(''));

/** Reads a job to its end. */
export async function collect(url: string, attach: AttachOptions = {}, options: Partial<HoldfastOptions> = {}) {
  const events: JobEvent[] = [];
  const breaks: Reconnect[] = [];
  const onReconnect = (reconnect: Reconnect) => breaks.push(reconnect);
  for await (const event of clientFor(url, options).attach('job_1', { onReconnect, ...attach })) events.push(event);
  return { events, seqs: events.map(({ seq }) => seq), breaks, codes: breaks.map(({ error }) => error.code) };
}

export function sendJournal(response: ServerResponse, after: number): void {
  startStream(response);
  response.end(journal.slice(after).join(''));
}

/** Sends `bytes`, and cuts the connection once they have left. */
export function sendAndCut(response: ServerResponse, bytes: Buffer | string): void {
  startStream(response);
  response.write(bytes, () => hangUp(response));
}
