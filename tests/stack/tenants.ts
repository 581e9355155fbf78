/** Tenants of a stack: each with a key of its own, and with limits where they are given. */
import { Holdfast } from '@holdfast/client';
import type { Limits } from '@holdfast/core';
import { createApiKeys, createTenants } from '@holdfast/gate';
import type { JournalProbe } from './journal-probe.ts';
import { chat, type Stack } from './stack.ts';

type Submission = Parameters<Holdfast['submit']>[0];

const retry = { baseDelayMs: 50, maxDelayMs: 500, maxRetries: 20 };

/** A key of the tenant's own. */
export async function makeKey({ prefix }: Stack, { redis }: JournalProbe, tenant: string, limits?: Limits) {
  if (limits) await createTenants({ redis, prefix }).put(tenant, { limits });
  return createApiKeys({ redis, prefix }).create(tenant, { scopes: ['submit', 'read'] });
}

/** Clients with the tenant's own key, one for each API process. */
export async function makeTenantAtAll(
  stack: Stack,
  probe: JournalProbe,
  tenant: string,
  limits?: Limits,
): Promise<Holdfast[]> {
  const { key: apiKey } = await makeKey(stack, probe, tenant, limits);
  return stack.apiUrls.map((baseUrl) => new Holdfast({ baseUrl, apiKey, retry }));
}

/** A client with the tenant's own key. */
export async function makeTenant(
  stack: Stack,
  probe: JournalProbe,
  tenant: string,
  limits?: Limits,
): Promise<Holdfast> {
  const [client] = await makeTenantAtAll(stack, probe, tenant, limits);
  return client as Holdfast;
}

export const jobsOf = (name: string, count: number, sim: string) =>
  Array.from({ length: count }, () => chat(name, sim));

/** Submits them, to each client in turn; their ids. */
export async function submitAll(clients: readonly Holdfast[], jobs: readonly Submission[]): Promise<string[]> {
  const submitted = await Promise.all(jobs.map((job, at) => (clients[at % clients.length] as Holdfast).submit(job)));
  return submitted.map(({ job }) => job.id);
}
