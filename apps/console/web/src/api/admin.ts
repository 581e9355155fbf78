/**
 * The one way to the server: `admin.call(operation, request)`. The browser's cookie says who asks. Requests that change
 * something carry the session's CSRF token, which a page of another site can't know.
 */
import { AdminClient, type AdminRequest } from '@holdfast/admin';
import { ApiError, errorOf } from './problem.ts';

let csrfToken: string | null = null;

/** Remembers the token of the session that has just been read. */
export function keepCsrfTokenOf(session: { csrf_token: string } | null): void {
  csrfToken = session?.csrf_token ?? null;
}

function headersOf({ method, body }: AdminRequest): Record<string, string> {
  return {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(method === 'GET' || csrfToken === null ? {} : { 'x-csrf-token': csrfToken }),
  };
}

async function send(request: AdminRequest): Promise<unknown> {
  const { method, path, body } = request;
  const init = { method, headers: headersOf(request), body: body === undefined ? null : JSON.stringify(body) };
  const response = await fetch(path, init).catch(() => {
    throw new ApiError('The console does not answer. Check the network, and that the console runs.', {
      status: 0,
      code: 'connection_failed',
    });
  });
  if (!response.ok) throw await errorOf(response);
  return response.status === 204 ? undefined : response.json();
}

/** @throws ApiError for everything but a success */
export const admin = new AdminClient(send);
