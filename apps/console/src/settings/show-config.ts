/** The config file in force, without what is or may be secret: names of variables stand in its place. */
import type { JsonObject, JsonValue, Lanes, Plans, Prices } from '@holdfast/core';

type Provider = Lanes[string]['providers'][number];

/** In the place of a value that may be secret. */
const HIDDEN = '(set)';

export function showConfig({ lanes, plans, prices }: { lanes: Lanes; plans: Plans; prices: Prices }): JsonValue {
  const shown = Object.entries(lanes).map(([name, lane]) => {
    return [name, { ...lane, providers: lane.providers.map(showProvider) }];
  });
  // Members that are undefined are none in JSON.
  return JSON.parse(JSON.stringify({ lanes: Object.fromEntries(shown), plans, prices })) as JsonValue;
}

function showProvider(provider: Provider): object {
  const { headers, query } = provider;
  return {
    ...provider,
    base_url: showAddress(provider.base_url),
    ...(headers ? { headers: hideValues(headers) } : {}),
    ...(query ? { query: hideValues(query) } : {}),
  };
}

/** Names of variables are shown, and no value. */
function hideValues(values: Readonly<Record<string, string | { env: string }>>): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? HIDDEN : { env: value.env }]),
  );
}

/** Without user, password and query. */
export function showAddress(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`;
}
