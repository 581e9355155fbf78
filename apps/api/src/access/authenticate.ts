/** Who asks, and whether they may: `Authorization: Bearer hold_…`. */
import { type Caller, RequestError, type Scope } from '@holdfast/core';
import type { Request, RequestHandler, Response } from '@holdfast/service/http';

/** Whose API key this is; null: nobody's. */
export type FindCaller = (apiKey: string) => Promise<Caller | null>;

export type CallerHandler = (request: Request, response: Response, caller: Caller) => Promise<void>;

/** @throws RequestError `unauthenticated` */
export function bearerOf(request: Request): string {
  const header = request.headers.authorization ?? '';
  const [, key] = /^Bearer +([\x21-\x7e]+) *$/i.exec(header) ?? [];
  if (key === undefined) {
    throw new RequestError('unauthenticated', 'Send an API key: Authorization: Bearer hold_…', {
      param: 'Authorization',
    });
  }
  return key;
}

/** @throws RequestError `unauthenticated` */
export async function callerOf(findCaller: FindCaller, request: Request): Promise<Caller> {
  const caller = await findCaller(bearerOf(request));
  if (!caller) throw keyRefused();
  return caller;
}

/** The key is unknown, or was revoked. */
export function keyRefused(): RequestError {
  return new RequestError('unauthenticated', 'This API key is unknown or revoked.', { param: 'Authorization' });
}

/** A route for callers whose key has the scope. */
export function forCallers(findCaller: FindCaller, scope: Scope, handler: CallerHandler): RequestHandler {
  return async (request, response) => {
    const caller = await callerOf(findCaller, request);
    response.about = { tenant: caller.tenant };
    if (!caller.scopes.includes(scope)) {
      throw new RequestError('forbidden', `This API key lacks the scope "${scope}".`, { param: 'Authorization' });
    }
    await handler(request, response, caller);
  };
}
