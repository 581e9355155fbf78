/**
 * Node's fetch gives up by itself after 300 s without headers and after 300 s without a byte. Where a provider is given
 * more time than that, those clocks are switched off and only the ones of this package run.
 *
 * Node has no import for its own undici, only the symbol by which every copy of undici shares one dispatcher, and
 * `compose` to change what it is told. Where either is missing, Node's limits stay.
 */

const nodeTimeoutMs = 300_000;

type Dispatch = (options: object, handler: object) => boolean;

/** As much of undici's Dispatcher as is used here. */
export interface Dispatcher {
  compose(interceptor: (dispatch: Dispatch) => Dispatch): Dispatcher;
}

/** What fetch is to be called with so that it waits as long as the longest of `timeoutsMs`. */
export function findPatientOptions(...timeoutsMs: number[]): object {
  // Node makes its dispatcher when fetch is first looked at.
  if (Math.max(...timeoutsMs) < nodeTimeoutMs || typeof globalThis.fetch !== 'function') return {};
  const shared: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'));
  return isDispatcher(shared) ? fetchThrough(withoutTimeouts(shared)) : {};
}

export function withoutTimeouts(dispatcher: Dispatcher): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    return dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  });
}

/** Node's addition to the options of fetch, which the types of browsers don't know. */
export function fetchThrough(dispatcher: Dispatcher): object {
  return { dispatcher };
}

function isDispatcher(value: unknown): value is Dispatcher {
  return typeof value === 'object' && value !== null && 'compose' in value && typeof value.compose === 'function';
}
