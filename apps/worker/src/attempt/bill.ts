/**
 * The bill of a run: what its calls have cost. It is in the record (`costFields` of `call-slots.ts`), written in the append that
 * begins or ends a call, so that the journal's fence lets each be counted once. What a call may cost is there too while it is
 * open: a crash leaves it, for whoever claims or cancels the job.
 *
 *   expect     it is about to begin, and what it may cost is being reserved
 *   begin      counted, and what it may cost put into its slot, before it leaves
 *   answer     by the provider's count, or else by the body and the text that came
 *   breakOff   cancelled, cut: by the body and the text that came
 *   writeOff   may have been paid for nothing: all that it may have cost
 *
 * A call that was refused ends without any of the last three: it cost nothing. `avoid` notes what a copied answer has cost its leader.
 */
import { addSpend, costOf, type JsonObject, type Prices, type ProviderEndpoint, type Spend } from '@holdfast/core';
import { estimateCall } from '@holdfast/gate';
import type { CallSlot } from '../calls/call-slots.ts';

/** Of text whose tokens nobody has counted; English has four bytes to a token. */
const BYTES_PER_TOKEN = 3;

type Tokens = { input_tokens: number; output_tokens: number };

export class Bill {
  readonly #prices: Prices;
  /** What calls may cost that are about to begin, by their ids. */
  readonly #expected = new Map<string, number>();
  #spent: Spend;

  /** @param spent by earlier attempts */
  constructor(prices: Prices, spent: Spend) {
    this.#prices = prices;
    this.#spent = spent;
  }

  get spent(): Spend {
    return this.#spent;
  }

  expect(id: string, usd: number): void {
    this.#expected.set(id, usd);
  }

  expectNoMore(id: string): void {
    this.#expected.delete(id);
  }

  /** What the run may cost, in dollars, should no call follow those that are open and expected. */
  mayCost(open: Iterable<CallSlot>): number {
    let usd = this.#spent.usd ?? 0;
    // One that is repeated under its key is paid once.
    for (const { id, cost } of open) if (!this.#expected.has(id)) usd += cost ?? 0;
    for (const cost of this.#expected.values()) usd += cost;
    return usd;
  }

  /** @param isNew false: the call is one that an earlier attempt began */
  begin(slot: CallSlot, endpoint: ProviderEndpoint, body: JsonObject, isNew: boolean): void {
    const { usd, input_tokens } = estimateCall(this.#prices, endpoint, body);
    slot.cost = usd;
    slot.model = String(body.model);
    slot.inputTokens = input_tokens;
    slot.receivedBytes = 0;
    this.expectNoMore(slot.id);
    if (isNew) this.#spent = addSpend(this.#spent, { calls: 1 });
  }

  answer(slot: CallSlot, usage: Tokens | null): void {
    if (usage) this.#add({ ...usage, usd: costOf(this.#prices, slot.model, usage) });
    else this.breakOff(slot);
  }

  breakOff({ model, inputTokens, receivedBytes }: CallSlot): void {
    const tokens = { input_tokens: inputTokens, output_tokens: Math.ceil(receivedBytes / BYTES_PER_TOKEN) };
    this.#add({ usd: costOf(this.#prices, model, tokens), uncounted: 1 });
  }

  writeOff({ cost }: CallSlot): void {
    this.#add({ usd: cost, uncounted: 1 });
  }

  avoid(usd: number): void {
    this.#add({ avoided_usd: usd });
  }

  #add(cost: Partial<Spend>): void {
    this.#spent = addSpend(this.#spent, cost);
  }
}
