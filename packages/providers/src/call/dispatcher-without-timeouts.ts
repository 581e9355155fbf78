/**
 * An undici dispatcher without time-outs. Node's fetch gives up after 300 s without headers, and after 300 s without a byte. Where a
 * provider may take longer, these time-outs are switched off, and only those of this package apply.
 *
 * Node doesn't export its undici. There is only the symbol by which all copies of undici share one dispatcher, and `compose` to change
 * its options. Where either is missing, Node's time-outs stay.
 */

const nodeTimeoutMs = 300_000;

type Dispatch = (options: object, handler: object) => boolean;

/** The part of undici's Dispatcher that is used here. */
export interface Dispatcher {
  compose(interceptor: (dispatch: Dispatch) => Dispatch): Dispatcher;
}

/** Options with which fetch waits as long as the longest of `timeoutsMs`. */
export function fetchOptionsFor(...timeoutsMs: number[]): object {
  // Node creates its dispatcher at the first access to fetch.
  if (Math.max(...timeoutsMs) < nodeTimeoutMs || typeof globalThis.fetch !== 'function') return {};
  const shared: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'));
  return isDispatcher(shared) ? fetchThrough(withoutTimeouts(shared)) : {};
}

export function withoutTimeouts(dispatcher: Dispatcher): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    return dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  });
}

/** An option of Node's fetch, which the types of browsers don't have. */
export function fetchThrough(dispatcher: Dispatcher): object {
  return { dispatcher };
}

function isDispatcher(value: unknown): value is Dispatcher {
  return typeof value === 'object' && value !== null && 'compose' in value && typeof value.compose === 'function';
}
