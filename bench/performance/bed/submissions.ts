/** Submissions as requests on the wire, the same ones for Holdfast and for its peer. */
import { FRESH, requestText } from '../../load/request.ts';
import { authorized } from './holdfast.ts';

/** Bytes of the body that rows are measured with. */
export const BODY_BYTES = 1_024;

export function chatBody(content: string, sim = '') {
  const metadata = sim === '' ? {} : { metadata: { sim } };
  return { task: 'chat.completions', input: { model: 'sim', messages: [{ role: 'user', content }], ...metadata } };
}

/** A body of 1 KB in all. */
export function kilobyteBody(sim = '') {
  const content = 'x'.repeat(BODY_BYTES - JSON.stringify(chatBody('', sim)).length);
  return chatBody(content, sim);
}

/** @param key of its own for every request by default */
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
