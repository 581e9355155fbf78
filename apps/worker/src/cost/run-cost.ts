/**
 * What a run has cost: its calls, those of earlier attempts included. Owns the sums. The journal stores them with the event that
 * begins or ends a call, so that its fence lets each call count once. What an open call may cost is stored too: after a crash,
 * the next claim or a cancel finds it.
 *
 *   expect         a call is about to begin, and what it may cost is being reserved
 *   begin          counts the call, and notes what it may cost, before it leaves
 *   charge         by the tokens that the provider counted, or else by the request and the text that came
 *   chargePartly   cancelled, cut off: by the request and the text that came
 *   chargeInFull   it may have been paid for nothing: all that it may have cost
 *
 * A refused call ends without any of the last three: it cost nothing. `saveCost` notes what a copied answer has cost its leader.
 */
import {
  addSpend,
  costOf,
  type JsonObject,
  type Prices,
  type ProviderEndpoint,
  type Spend,
  toNano,
} from '@holdfast/core';
import { estimateCall } from '@holdfast/gate';
import type { FieldChanges } from '@holdfast/journal';
import type { ProviderCallState } from '../calls/provider-call-state.ts';

/** Of text whose tokens nobody has counted; English has four bytes to a token. */
const BYTES_PER_TOKEN = 3;

/** Told what a call has cost, or may have. Where no provider has counted tokens, they are 0. */
export type OnUsed = (
  call: Pick<ProviderCallState, 'provider' | 'model'>,
  used: Tokens & { usd: number | null },
) => void;

type Tokens = { input_tokens: number; output_tokens: number };

export class RunCost {
  readonly #prices: Prices;
  /** What calls that are about to begin may cost, by their ids. */
  readonly #expected = new Map<string, number>();
  readonly #onUsed: OnUsed;
  #spent: Spend;

  /** @param spent by earlier attempts */
  constructor(prices: Prices, spent: Spend, onUsed: OnUsed = () => undefined) {
    this.#prices = prices;
    this.#spent = spent;
    this.#onUsed = onUsed;
  }

  get spent(): Spend {
    return this.#spent;
  }

  /** In US dollars; null: no price is known. */
  estimate(endpoint: ProviderEndpoint, body: JsonObject): number | null {
    return estimateCall(this.#prices, endpoint, body).usd;
  }

  expect(id: string, usd: number): void {
    this.#expected.set(id, usd);
  }

  /** The call won't be made. */
  dropExpected(id: string): void {
    this.#expected.delete(id);
  }

  /** What the run may cost, in US dollars, if no call follows those that are open and expected. */
  mayCost(open: Iterable<ProviderCallState>): number {
    let usd = this.#spent.usd ?? 0;
    // A call that is repeated under its key is paid once.
    for (const { id, cost } of open) if (!this.#expected.has(id)) usd += cost ?? 0;
    for (const cost of this.#expected.values()) usd += cost;
    return usd;
  }

  /** @param isNew false: an earlier attempt began the call */
  begin(call: ProviderCallState, endpoint: ProviderEndpoint, body: JsonObject, isNew: boolean): void {
    const { usd, input_tokens } = estimateCall(this.#prices, endpoint, body);
    call.cost = usd;
    call.model = String(body.model);
    call.inputTokens = input_tokens;
    call.receivedBytes = 0;
    this.dropExpected(call.id);
    if (isNew) this.#spent = addSpend(this.#spent, { calls: 1 });
  }

  charge(call: ProviderCallState, usage: Tokens | null): void {
    if (usage) this.#addCounted(call, usage);
    else this.chargePartly(call);
  }

  chargePartly(call: ProviderCallState): void {
    const { model, inputTokens, receivedBytes } = call;
    const tokens = { input_tokens: inputTokens, output_tokens: Math.ceil(receivedBytes / BYTES_PER_TOKEN) };
    this.#addUncounted(call, costOf(this.#prices, model, tokens));
  }

  chargeInFull(call: ProviderCallState): void {
    this.#addUncounted(call, call.cost);
  }

  saveCost(usd: number): void {
    this.#add({ avoided_usd: usd });
  }

  toFields(): FieldChanges {
    const { usd, input_tokens, output_tokens, calls, uncounted, avoided_usd } = this.#spent;
    return {
      ...(usd === null ? {} : { spent: toNano(usd) }),
      input_tokens,
      output_tokens,
      calls,
      ...(uncounted === 0 ? {} : { uncounted }),
      ...(avoided_usd === 0 ? {} : { avoided: toNano(avoided_usd) }),
    };
  }

  #addCounted(call: ProviderCallState, usage: Tokens): void {
    const usd = costOf(this.#prices, call.model, usage);
    call.tokens = usage;
    call.chargedUsd = usd;
    this.#add({ ...usage, usd });
    this.#onUsed(call, { ...usage, usd });
  }

  #addUncounted(call: ProviderCallState, usd: number | null): void {
    call.chargedUsd = usd;
    this.#add({ usd, uncounted: 1 });
    this.#onUsed(call, { input_tokens: 0, output_tokens: 0, usd });
  }

  #add(cost: Partial<Spend>): void {
    this.#spent = addSpend(this.#spent, cost);
  }
}
