/**
 * The model of a tenant's ledger, told what Redis was seen to do, in Redis' own order:
 *
 *   (none) ──admit──▶ set aside ──accept, run again──▶ a run's own ──its end, then settle──▶ spent
 *                         └──────────give back──────▶ (none)
 *
 * Amounts are whole billionths of a dollar, as in the ledger. That every call is covered when the journal tells of it, and
 * that no more calls are made than the journal tells of, is what keeps the provider from being asked for more than is set aside.
 */
import { promise } from './model-job.ts';

type Hash = Readonly<Record<string, string>>;

interface Run {
  /** What its record said that it has cost when it ended; null: it goes on. */
  bill: number | null;
  settled: boolean;
}

export class LedgerModel {
  readonly #budget: number;
  /** By the nonce of what is set aside for them. */
  readonly #runs = new Map<string, Run>();
  /** By job id. */
  #reserved = new Map<string, { nonce: string; amount: number }>();
  #spent = 0;

  constructor(budget: number) {
    this.#budget = budget;
  }

  /** How the ledger stands after any of its scripts. */
  stands(ledger: Hash, reservations: Hash): void {
    const entries = Object.entries(reservations).map(([jobId, text]) => {
      const [nonce = '', amount] = text.split(' ');
      return [jobId, { nonce, amount: Number(amount) }] as const;
    });
    this.#reserved = new Map(entries);
    const reserved = Number(ledger.reserved ?? 0);
    const sum = entries.reduce((total, [, { amount }]) => total + amount, 0);
    promise(reserved === sum, `${reserved} are reserved, ${sum} for jobs`);
    const days = Object.entries(ledger).filter(([field]) => /^\d+-\d+-\d+:usd$/.test(field));
    const spent = days.reduce((total, [, amount]) => total + Number(amount), 0);
    promise(spent === this.#spent, `the ledger has spent ${spent}, its settlements ${this.#spent}`);
    promise(spent + reserved <= this.#budget, `spent ${spent} + reserved ${reserved} is above ${this.#budget}`);
  }

  began(jobId: string, nonce: string): void {
    promise(!this.#runs.has(nonce), 'each run has something set aside for itself');
    this.#runs.set(nonce, { bill: null, settled: false });
    promise(this.#reserved.get(jobId)?.nonce === nonce, 'a run begins with something set aside');
  }

  /**
   * What a run has cost so far, what its open calls may cost included: when a call begins, which may make it more, and
   * when the run ends.
   */
  costs(jobId: string, nonce: string, amount: number, hasEnded: boolean): void {
    const run = this.#runs.get(nonce);
    if (!run || run.bill !== null) return;
    const reserved = this.#reserved.get(jobId);
    promise(reserved?.nonce === nonce, 'a run has something set aside until it is settled');
    promise(amount <= reserved.amount, `a run may cost ${amount}, and ${reserved.amount} is set aside`);
    if (hasEnded) run.bill = amount;
  }

  settled(nonce: string, amount: number): void {
    const run = this.#runs.get(nonce);
    promise(run?.bill != null, 'a run is settled once it has ended');
    promise(!run.settled, 'no run is settled twice');
    promise(amount === run.bill, `a run is settled with the ${run.bill} of its record, not ${amount}`);
    run.settled = true;
    this.#spent += amount;
  }

  gaveBack(nonce: string): void {
    promise(!this.#runs.has(nonce), "what is given back is no run's");
  }

  /** Nothing is set aside. */
  get isAtRest(): boolean {
    return this.#reserved.size === 0;
  }

  /** Once nothing moves any more. */
  rests(): void {
    promise(this.isAtRest, `nothing is set aside once all jobs have ended, not for ${this.#reserved.size}`);
    const unsettled = [...this.#runs.values()].filter(({ settled }) => !settled).length;
    promise(unsettled === 0, `every run is settled, not all but ${unsettled}`);
  }
}
