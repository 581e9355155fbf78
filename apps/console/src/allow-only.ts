import { RequestError } from '@holdfast/core';
import type { RequestHandler } from '@holdfast/service/http';

/** For the end of a route: other methods get 405, not 404. */
export function allowOnly(...methods: string[]): RequestHandler {
  return (request, response) => {
    response.setHeader('allow', methods.join(', '));
    throw new RequestError('method_not_allowed', `${request.method} is not allowed here. Use ${methods.join(' or ')}.`);
  };
}
