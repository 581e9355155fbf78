/**
 * The providers of each lane, in the order in which they are tried. Their breakers live in this process: each worker finds out
 * for itself which provider is unhealthy. That costs a few calls for each worker, and no shared state can be wrong.
 */
import type { Lanes, Logger, Provider } from '@holdfast/core';
import { Breaker, createOpenAiProvider, type OpenAiProviderOptions } from '@holdfast/providers';

export interface LaneProvider {
  provider: Provider;
  /** Replaces the job's model; null: the job's model is used. */
  model: string | null;
  breaker: Breaker;
}

/** Who serves a lane, and what its providers guarantee when a call breaks off. */
export interface Lane {
  /** At least one, in the order in which they are tried. */
  providers: readonly [LaneProvider, ...LaneProvider[]];
  /** They run `responses` in the background: one that has begun can be resumed. */
  background: boolean;
  /** They honor `Idempotency-Key`. */
  idempotent: boolean;
  /** Calls for one answer that were or may have been paid, over all attempts. */
  maxCalls: number;
}

export function withBreaker(provider: Provider, lane: string, logger: Logger, model: string | null = null) {
  const breaker = new Breaker({
    now: () => performance.now(),
    onChange: (state, why, held) => {
      const fields = { lane, provider: provider.name, code: why?.code, status: why?.status };
      // null: the breaker keeps all calls away.
      const heldFields = { tenant: held?.tenant ?? null, jobId: held?.job ?? null };
      if (state === 'opened')
        logger.warn({ ...fields, ...heldFields }, 'breaker opened: this provider gets no calls for a while');
      else logger.info(fields, 'breaker closed: this provider gets calls again');
    },
  });
  return { provider, model, breaker } satisfies LaneProvider;
}

type ProviderKeys = Readonly<Record<string, string | undefined>>;

export function createLanes(
  lanes: Lanes,
  keys: ProviderKeys,
  maxAnswerBytes: number,
  logger: Logger,
): Map<string, Lane> {
  const made = Object.entries(lanes).map(([name, lane]): [string, Lane] => {
    const providers = lane.providers.map((settings) => {
      const provider = createOpenAiProvider({ ...optionsOf(settings, keys), maxAnswerBytes });
      return withBreaker(provider, name, logger, settings.model ?? null);
    });
    // The schema guarantees at least one.
    return [
      name,
      {
        providers: providers as unknown as Lane['providers'],
        background: lane.background,
        idempotent: lane.idempotency_header,
        maxCalls: lane.max_calls,
      },
    ];
  });
  return new Map(made);
}

type ProviderSettings = Lanes[string]['providers'][number];

function optionsOf(settings: ProviderSettings, keys: ProviderKeys): OpenAiProviderOptions {
  const { name, base_url, api_key_env, headers = {}, query = {}, models = {} } = settings;
  const { stream, stream_options, first_byte_timeout_ms, idle_timeout_ms } = settings;
  const known = Object.entries(headers).flatMap(([header, value]): [string, string][] => {
    const text = typeof value === 'string' ? value : keys[value.env];
    return text === undefined ? [] : [[header, text]];
  });
  return {
    name,
    baseUrl: base_url,
    apiKey: api_key_env && keys[api_key_env],
    headers: Object.fromEntries(known),
    query,
    models,
    ...(stream === undefined ? {} : { stream }),
    ...(stream_options === undefined ? {} : { streamOptions: stream_options }),
    ...(first_byte_timeout_ms === undefined ? {} : { firstByteTimeoutMs: first_byte_timeout_ms }),
    ...(idle_timeout_ms === undefined ? {} : { idleTimeoutMs: idle_timeout_ms }),
  };
}
