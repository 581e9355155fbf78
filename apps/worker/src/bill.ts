/**
 * The bill of a run: what its calls have cost, and what those under way may. Written into the record in the same append
 * that begins or ends a call, so that the journal's fence lets each be counted once.
 *
 *   begin        what the call may cost is in the record before it leaves   (`call_cost`)
 *   complete     by the provider's count, or else by the body and the text that came
 *   breakOff     cancelled, cut: by the body and the text that came
 *   writeOff     may have been paid for nothing: all that it may have cost
 *   drop         cost nothing
 *
 * A crash leaves `call_cost` in the record: whoever claims, cancels or settles the job finds it there.
 */
import {
  addSpend,
  costOf,
  type JsonObject,
  noSpend,
  type Prices,
  type ProviderEndpoint,
  type Spend,
} from '@holdfast/core';
import { type CallEstimate, estimateCall } from '@holdfast/gate';
import type { Claim, FieldChanges } from '@holdfast/journal';

/** A call under way. */
export interface BilledCall {
  model: string;
  estimate: CallEstimate;
}

/** Of text whose tokens nobody has counted; English has four bytes to a token. */
const BYTES_PER_TOKEN = 3;

export class Bill {
  readonly #prices: Prices;
  readonly #open = new Set<BilledCall>();
  /** What calls of earlier attempts may cost that haven't been judged yet. */
  #leftOver: number | null;
  #spent: Spend;

  constructor(prices: Prices, { spent, calls }: Pick<Claim, 'spent'> & { calls: Pick<Claim['calls'], 'openCost'> }) {
    this.#prices = prices;
    this.#spent = spent;
    this.#leftOver = calls.openCost;
  }

  /** @param resumed the call is one that an earlier attempt began */
  begin(endpoint: ProviderEndpoint, body: JsonObject, resumed = false): BilledCall {
    const call = { model: String(body.model), estimate: estimateCall(this.#prices, endpoint, body) };
    this.#leftOver = null;
    this.#open.add(call);
    if (!resumed) this.#spent = addSpend(this.#spent, { calls: 1 });
    return call;
  }

  /** @param text of the answer, for a provider that counts no tokens */
  complete(call: BilledCall, usage: { input_tokens: number; output_tokens: number } | null, text: string): void {
    if (usage) this.#end(call, { ...usage, usd: costOf(this.#prices, call.model, usage) });
    else this.breakOff(call, text);
  }

  breakOff(call: BilledCall, text: string): void {
    const output_tokens = Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
    const { input_tokens } = call.estimate;
    this.#end(call, { usd: costOf(this.#prices, call.model, { input_tokens, output_tokens }) });
  }

  writeOff(call: BilledCall): void {
    this.#end(call, { usd: call.estimate.usd });
  }

  drop(call: BilledCall): void {
    this.#end(call, {});
  }

  /** What earlier attempts left open may have been paid for nothing. */
  writeOffLeftOver(): void {
    this.#spent = addSpend(this.#spent, { usd: this.#leftOver });
    this.#leftOver = null;
  }

  #end(call: BilledCall, cost: Partial<Spend>): void {
    if (this.#open.delete(call)) this.#spent = addSpend(this.#spent, cost);
  }

  get spent(): Spend {
    return this.#spent;
  }

  /** For the append that begins or ends a call. */
  get fields(): FieldChanges {
    const open = [...this.#open].map(({ estimate }) => estimate.usd).concat(this.#leftOver);
    const { usd } = open.reduce((sum: Spend, cost) => addSpend(sum, { usd: cost }), noSpend);
    return { spent: JSON.stringify(this.#spent), call_cost: usd ?? '' };
  }
}
