/**
 * The model of a tenant's ledger, told after every script what Redis holds:
 *
 *   (none) ──submit, retry──▶ reserved ──reserve──▶ more reserved ──the job's end──▶ spent
 *
 *   S2  what the tenant has reserved is the sum of what the records of its open jobs say
 *   S5  a run is settled in the step that ends its job: what it has cost by its record is spent, once, and nothing is reserved for it
 *
 * Amounts are whole billionths of a dollar. That every call is covered when the journal tells of it, and that no more calls are
 * made than the journal tells of, is what keeps the provider from being asked for more than is reserved.
 */
import type { Values } from '../../../../packages/journal/src/record.ts';
import type { Snapshot } from '../snapshot.ts';
import { promise } from './job.ts';

const amount = (text: string | undefined) => Number(text ?? 0);

/** What a run has cost by its record: what its open calls may cost is in it. */
const costOf = ({ spent, open_cost }: Values) => amount(spent) + amount(open_cost);

export class LedgerModel {
  readonly #budget: number;
  /** Runs that go on, by job id: what was reserved for them when they were last seen. */
  readonly #runs = new Map<string, number>();
  #spent = 0;
  #ended = 0;

  constructor(budget: number) {
    this.#budget = budget;
  }

  began(jobId: string, { records }: Snapshot): void {
    promise(!this.#runs.has(jobId), 'a run is settled before the next one of its job begins');
    promise(amount(records.get(jobId)?.reserved) > 0, 'a run begins with something reserved');
    this.#runs.set(jobId, Number.POSITIVE_INFINITY);
  }

  /** A job that may cost so much was not let in. */
  refused(estimate: number, { tenant }: Snapshot): void {
    const sum = this.#spent + amount(tenant.reserved) + estimate;
    promise(sum > this.#budget, `a job is refused where the budget has no room: ${sum} are within ${this.#budget}`);
  }

  /** How the ledger stands after any script. */
  stands({ records, tenant, day }: Snapshot, isOpen: (jobId: string) => boolean): void {
    let sum = 0;
    for (const [jobId, record] of records) {
      const reserved = amount(record.reserved);
      const before = this.#runs.get(jobId);
      if (before !== undefined && isOpen(jobId)) {
        const cost = costOf(record);
        promise(cost <= reserved, `a run may cost ${cost}, and ${reserved} is reserved for it`);
        this.#runs.set(jobId, reserved);
        sum += reserved;
      } else {
        promise(reserved === 0, `nothing is reserved for a job that has ended, not ${reserved}`);
        if (before !== undefined) this.#settled(jobId, costOf(record), before);
      }
    }
    const [reserved, spent] = [amount(tenant.reserved), amount(tenant.day_usd)];
    promise(reserved === sum, `S2: ${reserved} are reserved, ${sum} for open jobs`);
    promise(spent === this.#spent, `S5: the tenant has spent ${spent}, its runs that have ended ${this.#spent}`);
    promise(amount(tenant.month_usd) === spent && amount(day.usd) === spent, 'day, month and usage say the same');
    promise(amount(day.jobs) === this.#ended, `S5: ${amount(day.jobs)} runs are settled of ${this.#ended} that ended`);
    promise(spent + reserved <= this.#budget, `spent ${spent} + reserved ${reserved} is above ${this.#budget}`);
  }

  #settled(jobId: string, cost: number, reserved: number): void {
    promise(cost <= reserved, `a run costs ${cost} at its end, and ${reserved} was reserved for it`);
    this.#runs.delete(jobId);
    this.#spent += cost;
    this.#ended += 1;
  }

  /** Once nothing moves any more. */
  rests({ tenant }: Snapshot): void {
    promise(amount(tenant.reserved) === 0, 'nothing is reserved once all jobs have ended');
    promise(this.#runs.size === 0, `every run is settled, not all but ${this.#runs.size}`);
  }
}
