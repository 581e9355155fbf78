/** The state of one provider call: what the journal stores of it while it is open, and what only this attempt knows. */
import type { OpenCall } from '@holdfast/journal';
import type { CallEntry } from '../attempt/attempt-timeline.ts';

export interface ProviderCallState extends OpenCall {
  readonly id: string;
  /** `interrupted`: an earlier attempt began it. `failed`: it can be resumed, or repeated under its key, by the next attempt. */
  state: 'interrupted' | 'running' | 'failed';
  /** The journal knows the response: another worker can resume it. */
  isStored: boolean;
  /** For its cost, if this attempt began the call. */
  model: string;
  inputTokens: number;
  receivedBytes: number;
  /** When its first text came, of `performance.now()`. */
  firstTextAt: number | null;
  /** What it was charged with so far, in US dollars; null: nothing, or no price is known. */
  chargedUsd: number | null;
  /** As its provider has counted them. */
  tokens: { input_tokens: number; output_tokens: number } | null;
  /** In the job's timeline; null: it has ended there, or this attempt has not begun it. */
  entry: CallEntry | null;
  /** Readers have something of it. */
  hasEmitted: boolean;
  /** Only what the journal stores. */
  toJSON(): OpenCall;
}

export function interruptedCall(id: string, open: OpenCall): ProviderCallState {
  const { provider, keyVersion, visible, emitted, response, cost, span } = open;
  return {
    id,
    provider,
    keyVersion,
    visible,
    emitted,
    response,
    cost,
    span,
    state: 'interrupted',
    isStored: false,
    model: '',
    inputTokens: 0,
    receivedBytes: 0,
    firstTextAt: null,
    chargedUsd: null,
    tokens: null,
    entry: null,
    hasEmitted: emitted > 0 || (response?.cursor ?? -1) >= 0,
    toJSON() {
      const { provider, keyVersion, visible, emitted, response, cost, span } = this;
      return { provider, keyVersion, visible, emitted, response, cost, span };
    },
  };
}
