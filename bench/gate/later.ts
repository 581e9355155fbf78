/** What comes after the submit: what a worker asks of the gates for each provider call, and when the job has ended. */
import { addSpend, jobIdFor, type Limits, noSpend } from '@holdfast/core';
import { estimateTokens, type Ledger } from '@holdfast/gate';
import { Feed, LaneCallLimits } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';
import { request } from './job.ts';
import type { Subject } from './measure.ts';

interface Parts {
  redis: Redis;
  prefix: string;
  ledger: Ledger;
}

const lanes = { first: 'first', further: 'further', told: 'told' };
const minute = { requests_per_minute: 10_000_000, tokens_per_minute: 1_000_000_000 };
/** So little that `RoomLearner` passes it on. */
const narrow = { requestsLeft: 50, tokensLeft: 50_000, resetMs: 10_000 };

const tenant = 'settled';
const budgets: Limits = { budget_usd: { day: 1_000_000, month: 1_000_000 } };
const ESTIMATE_USD = 0.01;
const MORE_USD = 0.000_1;
const spend = addSpend(noSpend, { usd: 0.001, input_tokens: 100, output_tokens: 100, calls: 1 });
/** Beside those that are settled, so that the tenant's hashes are what they are with many jobs. */
const STAY_OPEN = 1_000;

export async function makeLater({ redis, prefix, ledger }: Parts): Promise<Subject[]> {
  const feed = new Feed({ redis, prefix });
  for (const lane of Object.values(lanes)) await feed.setConfiguredLimits(lane, minute);
  const [[jobId, reservation] = ['', '']] = await admitMany(ledger, STAY_OPEN);
  let setAsideUsd = ESTIMATE_USD;
  const calls = new LaneCallLimits({ redis, prefix });
  const open: Admitted[] = [];
  return [
    {
      title: "a job's first call, its room taken at the release: settled",
      operate: () => calls.settleCall(lanes.first, 300, 290),
    },
    {
      title: 'a further call: room taken, and settled',
      async operate() {
        const { input } = request;
        const tokens = estimateTokens(Buffer.byteLength(JSON.stringify(input)), input);
        const waitMs = await calls.reserveCall(lanes.further, tokens);
        if (waitMs > 0) throw new Error(`The lane is full for ${waitMs} ms.`);
        await calls.settleCall(lanes.further, tokens, tokens - 10);
      },
    },
    {
      title: 'a further call: what it may cost set aside',
      async operate() {
        setAsideUsd += MORE_USD;
        const amounts = { usd: setAsideUsd, keptUsd: ESTIMATE_USD };
        if (await ledger.raise({ tenant, jobId, reservation, attempt: 1 }, amounts, budgets))
          throw new Error('A budget is used up.');
      },
    },
    { title: "the provider's word of little room passed on", operate: () => calls.slowDown(lanes.told, narrow) },
    {
      title: "the settlement at the job's end",
      async prepare(operations) {
        open.push(...(await admitMany(ledger, operations)));
      },
      async operate() {
        const [jobId = '', reservation = ''] = open.pop() ?? [];
        if (!(await ledger.settle(tenant, jobId, reservation, spend))) throw new Error('Nothing was settled.');
      },
    },
  ];
}

type Admitted = [jobId: string, reservation: string];

async function admitMany(ledger: Ledger, jobs: number): Promise<Admitted[]> {
  const admitOne = async (): Promise<Admitted> => {
    const jobId = jobIdFor(tenant, null);
    const reply = await ledger.admit(tenant, jobId, ESTIMATE_USD, budgets);
    if ('refusal' in reply) throw new Error('A budget is used up.');
    return [jobId, reply.reservation];
  };
  return Promise.all(Array.from({ length: jobs }, admitOne));
}
