/**
 * The provider of the performance rows: a minimal OpenAI-compatible server, because it shares two cores with what is
 * measured and the simulator costs several times as much. It streams chat completions as `metadata.sim` orders, in the
 * simulator's words: `tokens`, `ttft_ms`, `itl_ms`, `clock` (see `packages/simulator`); `token_bytes` is the length of one.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { takeOrders } from './orders.ts';
import { nowMs } from './token-delay/clock.ts';

interface ChatRequest {
  stream?: boolean;
  metadata?: { sim?: string };
  stream_options?: { include_usage?: boolean };
}

let [calls, completed] = [0, 0];
const head = { id: 'chatcmpl-bench', created: 1, model: 'sim' };

function frame(choices: unknown[], rest: object = {}): string {
  return `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...rest })}\n\n`;
}

const roleFrame = frame([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]);
const finishFrame = frame([{ index: 0, delta: {}, finish_reason: 'stop' }]);
const tokenFrame = (content: string) => frame([{ index: 0, delta: { content }, finish_reason: null }]);

function textOf(bytes: number): string {
  return 'words '.repeat(Math.ceil(bytes / 6)).slice(0, bytes);
}

async function readBody(request: IncomingMessage): Promise<ChatRequest> {
  let text = '';
  request.setEncoding('utf8');
  for await (const piece of request) text += piece;
  return JSON.parse(text) as ChatRequest;
}

/** Tokens are due at fixed times after the first, so that a late timer delays one token and not all that follow. */
async function streamTokens(response: ServerResponse, orders: URLSearchParams): Promise<number> {
  const order = (name: string, fallback: number) => Number(orders.get(name) ?? fallback);
  const [tokens, itlMs, hasClock] = [order('tokens', 1), order('itl_ms', 0), orders.get('clock') === '1'];
  const fixedFrame = tokenFrame(textOf(order('token_bytes', 6)));
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(roleFrame);
  const ttftMs = order('ttft_ms', 0);
  if (ttftMs > 0) await delay(ttftMs);
  const startedAt = performance.now();
  for (let token = 0; token < tokens && !response.destroyed; token++) {
    const wait = startedAt + token * itlMs - performance.now();
    if (wait > 0) await delay(wait);
    response.write(hasClock ? tokenFrame(`${nowMs().toFixed(3)} `) : fixedFrame);
  }
  return tokens;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  calls++;
  const tokens = await streamTokens(response, new URLSearchParams(body.metadata?.sim ?? ''));
  const usage = { prompt_tokens: 10, completion_tokens: tokens, total_tokens: tokens + 10 };
  const usageFrame = body.stream_options?.include_usage ? frame([], { usage }) : '';
  completed++;
  response.end(`${finishFrame}${usageFrame}data: [DONE]\n\n`);
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), '127.0.0.1', () => takeOrders(() => ({ calls, completed })));
