/** What all calls to one provider share. */
import type OpenAI from 'openai';
import type { UpstreamAnswer } from '../answer/read-answer.ts';
import type { Failures } from '../failure/failures.ts';

export interface Upstream {
  client: OpenAI;
  failures: Failures;
  limits: UpstreamAnswer['limits'];
  /** How answers are asked for, unless the provider has refused that. */
  preference: StreamPreference;
  refusals: StreamRefusals;
  /** The provider's names of models, by the names that jobs use. */
  models: Readonly<Record<string, string>>;
}

/** How an answer is asked for. */
export interface StreamPreference {
  stream: boolean;
  /** `stream_options: {include_usage: true}`: without it a streamed chat completion doesn't report its usage. */
  streamOptions: boolean;
}

/** How answers are asked for where the provider has refused the preference, by endpoint and model. */
export type StreamRefusals = Map<string, StreamPreference>;
