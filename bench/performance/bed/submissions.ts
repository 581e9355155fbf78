/** Submits as bytes for a socket, the same for Holdfast and for its peer. */
import { FRESH, requestText } from '../../load/request.ts';
import { authorized } from './holdfast.ts';

/** Size of the body in most rows. */
export const BODY_BYTES = 1_024;

export function chatBody(content: string, sim = '') {
  const metadata = sim === '' ? {} : { metadata: { sim } };
  return { task: 'chat.completions', input: { model: 'sim', messages: [{ role: 'user', content }], ...metadata } };
}

/** A body of exactly 1 KB. */
export function kilobyteBody(sim = '') {
  const content = 'x'.repeat(BODY_BYTES - JSON.stringify(chatBody('', sim)).length);
  return chatBody(content, sim);
}

/** @param key default: each request has its own */
export function submitRequest(body: unknown, key = FRESH, headers = authorized): string {
  return requestText({ method: 'POST', path: '/v1/jobs', headers: { ...headers, 'idempotency-key': key }, body });
}

export function peerSubmitRequest(body: unknown, key = FRESH): string {
  return requestText({ method: 'POST', path: '/jobs', headers: { 'idempotency-key': key }, body });
}

export function postRequest(path: string): string {
  return requestText({ method: 'POST', path, headers: { ...authorized, 'content-length': '0' } });
}

export function getRequest(path: string, headers: Readonly<Record<string, string>>): string {
  return requestText({ method: 'GET', path, headers });
}
