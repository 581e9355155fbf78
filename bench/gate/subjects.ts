/** What a submit does in Redis, with and without gates. Every call is for a new job. */
import { randomBytes } from 'node:crypto';
import { addSpend, jobIdFor, type Limits, noSpend } from '@holdfast/core';
import { Ledger } from '@holdfast/gate';
import { Journal } from '@holdfast/journal';
import type { Redis } from '@holdfast/redis';

export const subjectNames = ['accept', 'ledger', 'requests', 'budgets', 'all', 'settled'] as const;
export type SubjectName = (typeof subjectNames)[number];
export type Subject = () => Promise<void>;

const requests: Limits = { requests_per_minute: 1_000_000 };
const budgets: Limits = { budget_usd: { day: 1_000_000, month: 1_000_000 } };
const spend = addSpend(noSpend, { usd: 0.001, input_tokens: 100, output_tokens: 100, calls: 1 });

export function makeSubjects(redis: Redis): Record<SubjectName, Subject> {
  const prefix = `b${randomBytes(4).toString('hex')}`;
  const journal = new Journal({ redis, prefix, retentionMs: 3_600_000 });
  const ledger = new Ledger({ redis, prefix });
  const request = {
    task: 'chat.completions',
    input: { model: 'sim', messages: [{ role: 'user', content: 'Hello.' }] },
  };
  const requestText = JSON.stringify(request);

  const accept = (id: string, tenant: string) =>
    journal.accept({ id, tenant, lane: 'default', request, requestText, digest: 'd', release: 1, tokens: 10 });

  function submit(tenant: SubjectName, limits: Limits | null, settles = false): Subject {
    return async () => {
      const id = jobIdFor(tenant, null);
      const reply = limits && (await ledger.admit(tenant, id, 0.001, limits));
      if (reply && 'refusal' in reply) throw new Error(`refused: ${reply.refusal.over?.period ?? 'requests'}`);
      await accept(id, tenant);
      if (reply && settles) await ledger.settle(tenant, id, reply.reservation, spend);
    };
  }

  return {
    accept: submit('accept', null),
    ledger: submit('ledger', {}),
    requests: submit('requests', requests),
    budgets: submit('budgets', budgets),
    all: submit('all', { ...requests, ...budgets }),
    settled: submit('settled', { ...requests, ...budgets }, true),
  };
}
