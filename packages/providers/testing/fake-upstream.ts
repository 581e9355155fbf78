/** A provider for tests: a plain HTTP server that answers exactly what a test says, byte by byte. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject, ProviderEvent } from '@holdfast/core';

export { until } from '../../core/testing/until.ts';

export interface SeenRequest {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingMessage['headers'];
  /** Empty where none came. */
  body: JsonObject;
}

export interface FakeUpstream {
  baseUrl: string;
  requests: SeenRequest[];
  /** Answers whose connection was closed before they ended. */
  aborted: number;
  /** Connections made so far. */
  connections: number;
  stop(): Promise<void>;
}

type Handler = (response: ServerResponse, request: SeenRequest) => void | Promise<void>;

export async function startUpstream(handle: Handler): Promise<FakeUpstream> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { method, url: path, headers } = request;
    const seen = { method, path, headers, body: JSON.parse(text || '{}') as JsonObject };
    upstream.requests.push(seen);
    response.on('close', () => {
      if (!response.writableFinished) upstream.aborted += 1;
    });
    await handle(response, seen);
  });
  server.on('connection', () => {
    upstream.connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream: FakeUpstream = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests: [],
    aborted: 0,
    connections: 0,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return upstream;
}

/** Begins an answer of server-sent events with what is given. */
export function beginStream(response: ServerResponse, ...events: (JsonObject | string)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  for (const event of events) response.write(sse(event));
}

export function sse(event: JsonObject | string): string {
  return `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`;
}

export function answerJson(response: ServerResponse, status: number, body: JsonObject, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export function chatChunk(delta: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'sim',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...more }],
    usage: null,
  };
}

/** A short answer: a role, two pieces of text, an end and its usage. */
export const shortChat: JsonObject[] = [
  chatChunk({ role: 'assistant', content: '' }),
  chatChunk({ content: 'Hel' }),
  chatChunk({ content: 'lo' }),
  chatChunk({}, { finish_reason: 'stop' }),
  { ...chatChunk({}), choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
];

export async function collect(events: AsyncIterable<ProviderEvent>): Promise<ProviderEvent[]> {
  const all: ProviderEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
