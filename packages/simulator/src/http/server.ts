/** The routes of the simulator. */

import { parseInstructions } from '../instructions/instructions.ts';
import { prepareChat } from '../routes/chat-route.ts';
import { prepareEmbeddings } from '../routes/embeddings-route.ts';
import { listModels, retrieveModel } from '../routes/models-route.ts';
import { prepareResponse } from '../routes/responses-route.ts';
import { authenticate, serveCall } from '../routes/serve-call.ts';
import { cancelResponse, deleteResponse, retrieveResponse } from '../routes/stored-responses-route.ts';
import type { World } from '../world.ts';
import { ApiError, badRequest } from './api-error.ts';
import { type Exchange, readJson, sendError, sendJson } from './exchange.ts';

type Handle = (world: World, exchange: Exchange, id: string) => Promise<void> | void;

const routes: readonly [method: string, path: RegExp, handle: Handle][] = [
  ['POST', /^\/v1\/chat\/completions$/, (world, exchange) => serveCall(world, exchange, prepareChat)],
  ['POST', /^\/v1\/responses$/, (world, exchange) => serveCall(world, exchange, prepareResponse)],
  ['POST', /^\/v1\/embeddings$/, (world, exchange) => serveCall(world, exchange, prepareEmbeddings)],
  ['GET', /^\/v1\/responses\/([^/]+)$/, retrieveResponse],
  ['POST', /^\/v1\/responses\/([^/]+)\/cancel$/, cancelResponse],
  ['DELETE', /^\/v1\/responses\/([^/]+)$/, deleteResponse],
  ['GET', /^\/v1\/models$/, (_, exchange) => listModels(exchange)],
  ['GET', /^\/v1\/models\/(.+)$/, (_, exchange, id) => retrieveModel(exchange, id)],
  ['GET', /^\/sim\/calls$/, showCounts],
  ['DELETE', /^\/sim\/calls$/, resetCounts],
  ['PUT', /^\/sim\/instructions$/, setInstructions],
  ['DELETE', /^\/sim\/pauses$/, endPause],
  ['GET', /^\/healthz$/, (_, exchange) => sendJson(exchange, 200, { status: 'ok' })],
];

/** Answers one request; an ApiError becomes the answer, any other error is thrown. */
export async function handleExchange(world: World, exchange: Exchange): Promise<void> {
  const { req, url } = exchange;
  try {
    if (url.pathname.startsWith('/v1/')) authenticate(exchange);
    for (const [method, path, handle] of routes) {
      const match = path.exec(url.pathname);
      if (match !== null && method === req.method) return await handle(world, exchange, match[1] ?? '');
    }
    const message = `Unknown request URL: ${req.method} ${url.pathname}.`;
    throw new ApiError(404, message, { code: 'unknown_url' });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    sendError(exchange, error);
  }
}

function showCounts({ counts }: World, exchange: Exchange): void {
  const caseName = exchange.url.searchParams.get('case');
  sendJson(exchange, 200, caseName === null ? counts.totals() : counts.get(caseName));
}

/** `{instructions}`: apply to all calls from now on, before the calls' own instructions; '' ends them. */
async function setInstructions(world: World, exchange: Exchange): Promise<void> {
  const { instructions } = await readJson(exchange);
  if (typeof instructions !== 'string') throw badRequest('instructions must be a text.', 'instructions');
  parseInstructions(instructions, 'instructions');
  world.instructions = instructions;
  sendJson(exchange, 200, { instructions });
}

/** Ends the pauses of a case: its held answers continue, and later ones do not pause. */
function endPause({ pauses }: World, exchange: Exchange): void {
  const caseName = exchange.url.searchParams.get('case');
  if (caseName === null) throw badRequest('case must name the case whose pauses end.', 'case');
  pauses.end(caseName);
  sendJson(exchange, 200, { case: caseName });
}

function resetCounts({ counts }: World, exchange: Exchange): void {
  counts.reset();
  sendJson(exchange, 200, counts.totals());
}
