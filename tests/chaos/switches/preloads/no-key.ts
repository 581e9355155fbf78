/**
 * Loaded before an API: it never receives an idempotency key. Its answers to POST come a third of a second late, as over a
 * slow network. So when the API dies, clients have no answer yet, and send their jobs again.
 */
import { type IncomingMessage, Server, type ServerResponse } from 'node:http';

const LATE_MS = 300;

const { emit } = Server.prototype;

Server.prototype.emit = function (event: string, ...args: unknown[]): boolean {
  const pass = () => Reflect.apply(emit, this, [event, ...args]);
  if (event !== 'request') return pass();
  const [request, response] = args as [IncomingMessage, ServerResponse];
  if (request.method !== 'POST') return pass();
  delete request.headersDistinct['idempotency-key'];
  const { end } = response;
  response.end = function (...rest: unknown[]) {
    setTimeout(() => Reflect.apply(end, this, rest), LATE_MS);
    return this;
  };
  return pass();
};
