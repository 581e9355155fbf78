/**
 * Event streams from the memory of a process, with Express and nothing else: the minimum cost of a server for such streams. It
 * stores nothing, so a client that loses its connection loses the text.
 *
 *   /file?path=       the bytes of that file, in one write
 *   /live?tokens=&itl_ms=&ttft_ms=   each token is the time at which it is written
 *   /idle             the headers, then only comments
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import express, { type Response } from 'express';
import { serveCommands } from '../commands.ts';
import { nowMs } from '../token-delay/clock.ts';

const HEARTBEAT_MS = 15_000;
const files = new Map<string, Buffer>();
const app = express();

function begin(response: Response): void {
  response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
}

app.get('/file', (request, response) => {
  const path = String(request.query.path);
  const bytes = files.get(path) ?? readFileSync(path);
  files.set(path, bytes);
  begin(response);
  response.end(bytes);
});

app.get('/live', async (request, response) => {
  const [tokens, itlMs, ttftMs] = [request.query.tokens, request.query.itl_ms, request.query.ttft_ms].map(Number);
  begin(response);
  await delay(ttftMs);
  const startedAt = performance.now();
  for (let token = 0; token < (tokens ?? 0); token++) {
    await delay(Math.max(0, startedAt + token * (itlMs ?? 0) - performance.now()));
    response.write(`id: ${token}\ndata: ${JSON.stringify({ text: `${nowMs().toFixed(3)} ` })}\n\n`);
  }
  response.end();
});

app.get('/idle', (_request, response) => {
  begin(response);
  const heartbeat = setInterval(() => response.write(': heartbeat\n\n'), HEARTBEAT_MS);
  response.on('close', () => clearInterval(heartbeat));
});

app.listen(Number(process.env.PORT), '127.0.0.1', () => serveCommands(() => null));
