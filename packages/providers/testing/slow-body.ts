/**
 * Run as a process of its own, because Jest hides the real `globalThis`. Fetches a body with a pause in it, with short timeouts
 * and then with the clocks switched off, and prints what came of it as JSON.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Dispatcher,
  fetchOptionsFor,
  fetchThrough,
  withoutTimeouts,
} from '../src/call/dispatcher-without-timeouts.ts';

/** Undici looks at its clocks about once a second. */
const pauseMs = 2200;

const server = createServer((_, response) => {
  response.write('a');
  setTimeout(() => response.end('b'), pauseMs);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

async function read(options: RequestInit): Promise<string> {
  try {
    const response = await fetch(url, options);
    return await response.text();
  } catch (error) {
    return String(error);
  }
}

const found = fetchOptionsFor(600_000);
// Node's own, but with a body timeout of 1 ms where nobody asks for another.
const withShortTimeouts = (Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1')) as Dispatcher).compose(
  (dispatch) => (options, handler) => dispatch({ bodyTimeout: 1, ...options }, handler),
);
const [cut, whole, own] = await Promise.all([
  read(fetchThrough(withShortTimeouts)),
  read(fetchThrough(withoutTimeouts(withShortTimeouts))),
  read(found),
]);
process.stdout.write(JSON.stringify({ found: 'dispatcher' in found, cut, whole, own }));
server.closeAllConnections();
server.close();
