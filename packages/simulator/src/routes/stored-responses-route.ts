/**
 * The calls for stored responses:
 *
 *   GET    /v1/responses/{id}                                   as it is now
 *   GET    /v1/responses/{id}?stream=true[&starting_after=N]    its events with sequence_number > N, then live
 *   POST   /v1/responses/{id}/cancel                            background only; idempotent
 *   DELETE /v1/responses/{id}                                   deletes it; stops it if it runs
 *
 * A retrieve isn't counted as a call. Its faults are those of `resume_fail`, or of an `x-sim` header.
 */
import { ApiError, badRequest } from '../http/api-error.ts';
import { type Exchange, sendJson } from '../http/exchange.ts';
import { faultsOf } from '../instructions/faults.ts';
import { parseInstructions, resumeInstructions } from '../instructions/instructions.ts';
import { deliver } from '../run/deliver.ts';
import type { StoredResponse } from '../run/response-draft.ts';
import type { World } from '../world.ts';
import { answerInstead } from './serve-call.ts';

/** @throws ApiError 404 */
function find(world: World, id: string): StoredResponse {
  const stored = world.responses.get(id);
  if (stored !== undefined) return stored;
  throw new ApiError(404, `Response with id '${id}' not found.`, { param: 'id', code: 'response_not_found' });
}

/** @throws ApiError 400, 404, and as `resume_fail` instructs */
export async function retrieveResponse(world: World, exchange: Exchange, id: string): Promise<void> {
  const stored = find(world, id);
  const header = exchange.req.headers['x-sim'];
  const instructions =
    typeof header === 'string' ? parseInstructions(header, 'x-sim') : resumeInstructions(stored.instructions);
  const stream = exchange.url.searchParams.get('stream') === 'true';
  const from = stream ? firstFrame(exchange.url.searchParams.get('starting_after')) : 0;
  if (stream && !stored.draft.background) {
    throw badRequest('Only background responses can be streamed when they are retrieved.', 'stream');
  }
  stored.retrieves += 1;
  const faults = faultsOf(instructions, stored.retrieves);
  if (faults.instead !== null) return answerInstead(exchange, instructions, faults);
  if (!stream) return sendJson(exchange, 200, stored.run.toBody());
  await deliver(exchange, stored.run, { as: 'stream', from, faults, stallMs: instructions.stall_ms });
}

function firstFrame(startingAfter: string | null): number {
  if (startingAfter === null) return 0;
  if (/^\d{1,15}$/.test(startingAfter)) return Number(startingAfter) + 1;
  throw badRequest("Invalid 'starting_after': expected a whole number from 0 up.", 'starting_after');
}

/** @throws ApiError 400, 404 */
export async function cancelResponse(world: World, exchange: Exchange, id: string): Promise<void> {
  const { run, draft } = find(world, id);
  exchange.res.setHeaders(
    new Map(Object.entries(world.limits.headers('', { requests: null, tokens: null, windowMs: 60_000 }))),
  );
  if (!draft.background) throw badRequest('Cannot cancel a synchronous response.', null);
  run.stop('cancelled');
  await run.ended;
  sendJson(exchange, 200, run.toBody());
}

/** @throws ApiError 404 */
export function deleteResponse(world: World, exchange: Exchange, id: string): void {
  find(world, id);
  world.responses.delete(id)?.run.stop('cancelled');
  sendJson(exchange, 200, { id, object: 'response', deleted: true });
}
