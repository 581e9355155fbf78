/** What a submit does in Redis, with and without its gates, in the order of `submit-job.ts`. Each is for a new job. */
import { followersLane, jobIdFor, type Limits } from '@holdfast/core';
import {
  createAdmission,
  createKnownPlans,
  createTenantLimits,
  createTenants,
  estimateCall,
  type Ledger,
} from '@holdfast/gate';
import { findLeader, type Journal, type Leader, type NewJob } from '@holdfast/journal';
import { QueuedCap } from '@holdfast/queue';
import type { Redis } from '@holdfast/redis';
import { builtInTasks, firstCallOf } from '@holdfast/tasks';
import { sharedOf } from '../../apps/api/src/place-job.ts';
import { prices, quiet, request, requestText } from './job.ts';
import type { Subject } from './measure.ts';

interface Parts {
  redis: Redis;
  prefix: string;
  journal: Journal;
  ledger: Ledger;
}

const requests: Limits = { requests_per_minute: 1_000_000 };
const budgets: Limits = { budget_usd: { day: 1_000_000, month: 1_000_000 } };
const queued: Limits = { max_queued: 1_000_000 };

const gates: [tenant: string, title: string, limits: Limits][] = [
  ['free', 'let in without limits: what it may cost is noted', {}],
  ['requests', 'requests a minute', requests],
  ['budgets', 'budgets of day and month', budgets],
  ['queued', '`max_queued`', queued],
  ['all', 'requests, budgets and `max_queued`', { ...requests, ...budgets, ...queued }],
];

function newJob(tenant: string): NewJob {
  const id = jobIdFor(tenant, null);
  return { id, tenant, lane: 'default', request, requestText, digest: 'd', release: 1, tokens: 10 };
}

/** The first is a submit without any gate. */
export async function makeSubmits(parts: Parts): Promise<Subject[]> {
  const accept = async () => void (await parts.journal.accept(newJob('nobody')));
  return [{ title: 'accept alone', operate: accept }, ...(await makeAdmitted(parts)), ...(await makeShared(parts))];
}

async function makeAdmitted({ redis, prefix, journal, ledger }: Parts): Promise<Subject[]> {
  const tenants = createTenants({ redis, prefix });
  const plans = createKnownPlans({ redis, prefix, plans: {}, logger: quiet });
  const limits = createTenantLimits({ tenants, plans, logger: quiet });
  const gate = createAdmission({ ledger, limits, queued: new QueuedCap({ redis, prefix }), logger: quiet });
  const task = taskOf(request.task);
  for (const [tenant, , own] of gates) await tenants.put(tenant, { limits: own });
  return gates.map(([tenant, title]) => ({
    title,
    async operate() {
      const job = newJob(tenant);
      const { endpoint, body } = firstCallOf(task, request.input);
      const estimate = estimateCall(prices, endpoint, body);
      const admission = await gate.admit({ tenant, jobId: job.id, model: String(body.model), estimate });
      if ('refusal' in admission) throw admission.refusal;
      await journal.accept({ ...job, reservation: admission.reservation });
    },
  }));
}

/** Jobs that ask to share an answer. */
async function makeShared({ journal }: Parts): Promise<Subject[]> {
  const task = taskOf(request.task);
  const asking = { ...request, cache: { ttl_s: 3_600 } };
  async function place(job: NewJob, digestOwner: string, expected: Leader['kind']): Promise<NewJob> {
    const shared = sharedOf(digestOwner, task, asking);
    if (!shared) throw new Error('It shares nothing.');
    const { kind } = await findLeader(journal, { jobId: job.id, shared, since: null });
    if (kind !== expected) throw new Error(`The leader is ${kind}, not ${expected}.`);
    return kind === 'self' ? { ...job, shared } : { ...job, shared, queue: followersLane };
  }
  await journal.accept(await place(newJob('shared'), 'shared', 'self'));
  return [
    {
      title: '`cache`: nobody leads, it takes the lead',
      async operate() {
        const job = newJob('shared');
        // The digest is of the tenant too: another name makes a question that nobody has asked.
        await journal.accept(await place(job, job.id, 'self'));
      },
    },
    {
      title: '`cache`: follows a leader that is there',
      operate: async () => void (await journal.accept(await place(newJob('shared'), 'shared', 'other'))),
    },
  ];
}

function taskOf(name: string) {
  const task = builtInTasks.get(name);
  if (!task) throw new Error(`There is no task ${name}.`);
  return task;
}
