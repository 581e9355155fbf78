/** A call that a running task asks for, and its answer. */
import type { JsonObject, JsonValue, ProviderEndpoint } from '@holdfast/core';
import type { FieldChanges } from '@holdfast/journal';

export interface PreparedCall {
  /** '' for the one call of a pass-through task. */
  id: string;
  endpoint: ProviderEndpoint;
  body: JsonObject;
  signal: AbortSignal;
  /** What readers get: all that the provider says, its text, or nothing. */
  emits: 'all' | 'text' | 'nothing';
  /** Writes the event that the call begins with. `resumed`: an earlier attempt made the call. */
  announce(resumed: boolean, fields: FieldChanges): void;
}

export interface ProviderAnswer {
  output: JsonValue;
  usage: { input_tokens: number; output_tokens: number } | null;
  /** Name of the provider that gave it. */
  provider: string;
}
