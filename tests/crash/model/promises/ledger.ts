/**
 * The model of a tenant's ledger. After every script it is compared with Redis:
 *
 *   (none) ──submit, retry──▶ reserved ──reserve──▶ more reserved ──the job's end──▶ spent
 *
 *   S2  the tenant's reserved amount is the sum of the reserved amounts in the records of its open jobs
 *   S5  a run is settled in the script that ends its job: its cost by the record is spent once, and its reservation is released
 *
 * Amounts are whole billionths of a dollar. Two promises together keep provider calls within the reservation: every call is
 * reserved when the journal records it, and no call is made that the journal doesn't record.
 */
import type { Values } from '../../../../packages/journal/src/record.ts';
import type { Snapshot } from '../snapshot.ts';
import { assertPromise } from './job.ts';

const amount = (text: string | undefined) => Number(text ?? 0);

/** What a run has cost by its record, including what its open calls may cost. */
const costOf = ({ spent, open_cost }: Values) => amount(spent) + amount(open_cost);

export class LedgerModel {
  readonly #budget: number;
  /** Open runs, by job id: the amount that was last seen reserved for them. */
  readonly #runs = new Map<string, number>();
  #spent = 0;
  #ended = 0;

  constructor(budget: number) {
    this.#budget = budget;
  }

  began(jobId: string, { records }: Snapshot): void {
    assertPromise(!this.#runs.has(jobId), 'a run is settled before the next one of its job begins');
    assertPromise(amount(records.get(jobId)?.reserved) > 0, 'a run begins with a reservation');
    this.#runs.set(jobId, Number.POSITIVE_INFINITY);
  }

  /** A job with this estimated cost was refused. */
  refused(estimate: number, { tenant }: Snapshot): void {
    const sum = this.#spent + amount(tenant.reserved) + estimate;
    assertPromise(sum > this.#budget, `a job is refused only above the budget: ${sum} is within ${this.#budget}`);
  }

  /** Checks the ledger after any script. */
  check({ records, tenant, day }: Snapshot, isOpen: (jobId: string) => boolean): void {
    let sum = 0;
    for (const [jobId, record] of records) {
      const reserved = amount(record.reserved);
      const before = this.#runs.get(jobId);
      if (before !== undefined && isOpen(jobId)) {
        const cost = costOf(record);
        assertPromise(
          cost <= reserved,
          `a run may cost no more than is reserved for it: ${cost}, reserved ${reserved}`,
        );
        this.#runs.set(jobId, reserved);
        sum += reserved;
      } else {
        assertPromise(reserved === 0, `nothing is reserved for a job that has ended, not ${reserved}`);
        if (before !== undefined) this.#settled(jobId, costOf(record), before);
      }
    }
    const [reserved, spent] = [amount(tenant.reserved), amount(tenant.day_usd)];
    assertPromise(reserved === sum, `S2: the tenant has reserved ${reserved}, its open jobs ${sum}`);
    assertPromise(spent === this.#spent, `S5: the tenant has spent ${spent}, its ended runs ${this.#spent}`);
    assertPromise(
      amount(tenant.month_usd) === spent && amount(day.usd) === spent,
      'day, month and usage have the same amount',
    );
    assertPromise(
      amount(day.jobs) === this.#ended,
      `S5: ${amount(day.jobs)} runs are settled, ${this.#ended} have ended`,
    );
    assertPromise(spent + reserved <= this.#budget, `spent ${spent} + reserved ${reserved} is above ${this.#budget}`);
  }

  #settled(jobId: string, cost: number, reserved: number): void {
    assertPromise(cost <= reserved, `a run costs ${cost} at its end, and ${reserved} was reserved for it`);
    this.#runs.delete(jobId);
    this.#spent += cost;
    this.#ended += 1;
  }

  /** Checks the ledger after the end. */
  checkAtRest({ tenant }: Snapshot): void {
    assertPromise(amount(tenant.reserved) === 0, 'nothing is reserved once all jobs have ended');
    assertPromise(this.#runs.size === 0, `every run is settled, ${this.#runs.size} are not`);
  }
}
