import { RequestError } from '@holdfast/core';
import type { RequestHandler } from '@holdfast/service';

/** For the end of a route: what it doesn't take is 405, not 404. */
export function allowOnly(...methods: string[]): RequestHandler {
  return (request, response) => {
    response.setHeader('allow', methods.join(', '));
    throw new RequestError('method_not_allowed', `${request.method} is not possible here; ${methods.join(', ')} is.`);
  };
}
