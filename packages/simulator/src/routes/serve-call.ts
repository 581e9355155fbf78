/**
 * The steps of a call (a POST that asks for an answer):
 *
 *   1 read     key, body, instructions
 *   2 replay   where its idempotency key is known: delivers that run, and skips the other steps
 *   3 count    the call's number in its case decides its faults
 *   4 fail     where there is a fault instead of an answer
 *   5 prepare  the route checks the request and plans the answer
 *   6 admit    by the case's limits
 *   7 run      and deliver, as a stream or as one body
 *
 * The routes do steps 5 and 7 (`chat-route`, `responses-route`, `embeddings-route`). An ApiError in any step is the answer.
 */
import { ApiError, badRequest, statusError } from '../http/api-error.ts';
import { type Exchange, readJson, sendJson, whenGone, writeHead } from '../http/exchange.ts';
import type { JsonObject } from '../http/json.ts';
import { type Faults, faultsOf } from '../instructions/faults.ts';
import { type Instructions, instructionsOf } from '../instructions/instructions.ts';
import { type Delivery, deliver, sleepUnlessGone } from '../run/deliver.ts';
import type { Run } from '../run/run.ts';
import type { World } from '../world.ts';

export interface Call {
  body: JsonObject;
  instructions: Instructions;
  caseName: string;
  /** null: none, or the instructions don't honor it. */
  idempotencyKey: string | null;
}

/** An answer that is planned and has not begun. */
export interface Prepared {
  run: Run;
  drive: () => Promise<'completed' | 'failed'>;
  /** `receipt`: the body before the run has begun. */
  deliverAs: Delivery['as'] | 'receipt';
  faults: Faults;
  /** Tokens in and out, for the limits. */
  cost: number;
}

export type PrepareAnswer = (world: World, call: Call, faults: Faults) => Prepared;

/** @throws ApiError; Error when the client leaves while it sends */
export async function serveCall(world: World, exchange: Exchange, prepare: PrepareAnswer): Promise<void> {
  const call = await readCall(world, exchange);
  const { instructions, caseName } = call;
  const limits = { requests: instructions.rpm, tokens: instructions.tpm, windowMs: instructions.window_ms };
  const setLimitHeaders = () =>
    exchange.res.setHeaders(new Map(Object.entries(world.limits.headers(caseName, limits))));
  setLimitHeaders();
  const keyName = call.idempotencyKey === null ? null : `${exchange.url.pathname} ${call.idempotencyKey}`;
  const known = keyName === null ? undefined : world.keyed.get(keyName);
  if (known !== undefined && known.run.state !== 'failed') return replay(exchange, call, known.run);

  const faults = faultsOf(instructions, world.counts.addCall(caseName));
  if (faults.instead !== null) return failInstead(world, exchange, call, faults);

  const prepared = prepare(world, call, faults);
  world.limits.admit(caseName, limits, prepared.cost);
  setLimitHeaders();
  if (keyName !== null) void world.keyed.store(keyName, { run: prepared.run });
  await runAndDeliver(world, exchange, prepared, call);
}

async function readCall(world: World, exchange: Exchange): Promise<Call> {
  const { headers } = exchange.req;
  const body = await readJson(exchange);
  const { instructions, caseName } = instructionsOf(headers, body, world.instructions);
  const key = headers['idempotency-key'];
  return {
    body,
    instructions,
    caseName,
    idempotencyKey: instructions.idempotent && typeof key === 'string' ? key : null,
  };
}

/** Without faults, which only belong to the first call with the key. */
async function replay(exchange: Exchange, call: Call, run: Run): Promise<void> {
  exchange.res.setHeader('idempotent-replayed', 'true');
  if (call.body.background === true && call.body.stream !== true) return sendJson(exchange, 200, run.toBody());
  const as = call.body.stream === true ? 'stream' : 'body';
  await deliver(exchange, run, {
    as,
    from: 0,
    faults: faultsOf({ ...call.instructions, ...harmless }, 1),
    stallMs: null,
  });
}

const harmless = { fail: [], cut_after: null, stall_after: null, no_done: false, no_finish: false };

async function failInstead(world: World, exchange: Exchange, call: Call, faults: Faults): Promise<void> {
  const gone = whenGone(exchange);
  gone.addEventListener('abort', () => {
    if (faults.instead?.kind === 'hang' && !faults.listed) world.counts.addEnd(call.caseName, 'aborted');
  });
  answerInstead(exchange, call.instructions, faults);
}

/** @throws ApiError */
export function answerInstead(exchange: Exchange, instructions: Instructions, { instead }: Faults): void {
  switch (instead?.kind) {
    case 'status':
      throw statusError(instead.status, instructions.code, instructions.retry_after);
    case 'html':
      writeHead(exchange, 502, { 'content-type': 'text/html' });
      exchange.res.end(
        '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n',
      );
      return;
    case 'reset':
      exchange.req.socket.resetAndDestroy();
      return;
    default:
      return;
  }
}

async function runAndDeliver(world: World, exchange: Exchange, prepared: Prepared, { instructions, caseName }: Call) {
  const { run, drive, deliverAs, faults } = prepared;
  const receipt = run.toBody();
  world.running.add(run);
  const over = world.counts.begin(caseName);
  run.start(drive);
  void run.ended.then(() => {
    over();
    world.running.delete(run);
  });
  if (instructions.head_ms > 0) await sleepUnlessGone(instructions.head_ms, whenGone(exchange));
  if (deliverAs === 'receipt') sendJson(exchange, 200, receipt);
  else await deliver(exchange, run, { as: deliverAs, from: 0, faults, stallMs: instructions.stall_ms });
}

/** Any API key works, except one. @throws ApiError 401 */
export function authenticate({ req }: Exchange): void {
  if (req.headers.authorization !== 'Bearer sk-invalid') return;
  throw new ApiError(401, 'Incorrect API key provided: sk-invalid.', {
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  });
}

/** @throws ApiError 400, or 404 for a name that starts with `unknown` */
export function modelOf(body: JsonObject): string {
  if (typeof body.model !== 'string' || body.model === '') throw badRequest('You must provide a model.', 'model');
  if (!body.model.startsWith('unknown')) return body.model;
  throw new ApiError(404, `The model '${body.model}' does not exist or you do not have access to it.`, {
    param: 'model',
    code: 'model_not_found',
  });
}
