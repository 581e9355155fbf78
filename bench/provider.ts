/**
 * The provider of the performance rows: a minimal OpenAI-compatible server. It shares two cores with what is measured, and the
 * simulator costs several times as much. It streams chat completions as `metadata.sim` says, with the simulator's names: `tokens`,
 * `ttft_ms`, `itl_ms`, `clock` (see `packages/simulator`). `token_bytes` is the length of a token.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { serveCommands } from './commands.ts';
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

/** Each token has a fixed time after the first. So a late timer delays one token, and not all that follow. */
async function streamTokens(response: ServerResponse, instructions: URLSearchParams): Promise<number> {
  const numberOf = (name: string, fallback: number) => Number(instructions.get(name) ?? fallback);
  const [tokens, itlMs, hasClock] = [numberOf('tokens', 1), numberOf('itl_ms', 0), instructions.get('clock') === '1'];
  const fixedFrame = tokenFrame(textOf(numberOf('token_bytes', 6)));
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(roleFrame);
  const ttftMs = numberOf('ttft_ms', 0);
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
server.listen(Number(process.env.PORT), '127.0.0.1', () => serveCommands(() => ({ calls, completed })));
