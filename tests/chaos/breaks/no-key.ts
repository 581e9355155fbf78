/**
 * Loaded before an API: it never sees an idempotency key. Its answers come a third of a second late, as over a slow
 * network, so that clients are left without one when it dies, and send their jobs again.
 */
import { Server, type ServerResponse } from 'node:http';

const LATE_MS = 300;

const { emit } = Server.prototype;

Server.prototype.emit = function (event: string, ...args: unknown[]): boolean {
  if (event !== 'request') return Reflect.apply(emit, this, [event, ...args]);
  const [{ headersDistinct }, response] = args as [{ headersDistinct: NodeJS.Dict<string[]> }, ServerResponse];
  delete headersDistinct['idempotency-key'];
  const { end } = response;
  response.end = function (...rest: unknown[]) {
    setTimeout(() => Reflect.apply(end, this, rest), LATE_MS);
    return this;
  };
  return Reflect.apply(emit, this, [event, ...args]);
};
