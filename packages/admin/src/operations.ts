/**
 * Every operation of the admin API, /admin/v1, in one table. The console's server mounts it, its OpenAPI document is made from it,
 * and `AdminClient` calls it. So the three can't disagree.
 */
import { keyRequestSchema, rotationSchema, tenantSettingsSchema } from '@holdfast/core';
import type { z } from 'zod';
import * as audit from './resources/audit.ts';
import * as history from './resources/history.ts';
import * as jobs from './resources/jobs.ts';
import * as lanes from './resources/lanes.ts';
import * as session from './resources/session.ts';
import { settingsSchema } from './resources/settings.ts';
import * as tenants from './resources/tenants.ts';
import { workerListSchema } from './resources/workers.ts';
import type { Role } from './roles.ts';

export const ADMIN_PATH = '/admin/v1';

export interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below ADMIN_PATH; `{name}` is a parameter. */
  path: string;
  /** The least role that may call it; null: anybody. */
  role: Role | null;
  /** A tenant's own API key with the scope `admin` may call it too, for its own tenant. */
  tenantKey?: true;
  summary: string;
  query?: z.ZodType;
  body?: z.ZodType;
  /** null: no content. `stream`: server-sent events. */
  response: z.ZodType | 'stream' | null;
  /** Of success. Default 200, or 204 without a response. */
  status?: number;
}

/** Keeps the types of what it is given. */
const operation = <const Made extends Operation>(made: Made) => made;

export const operations = {
  loginWays: operation({
    method: 'GET',
    path: '/login',
    role: null,
    summary: 'How one may log in',
    response: session.loginWaysSchema,
  }),
  login: operation({
    method: 'POST',
    path: '/login',
    role: null,
    summary: 'Log in with a key; sets the session cookie',
    body: session.loginSchema,
    response: session.sessionSchema,
  }),
  session: operation({
    method: 'GET',
    path: '/session',
    role: 'viewer',
    summary: 'Who is logged in',
    response: session.sessionSchema,
  }),
  logout: operation({ method: 'DELETE', path: '/session', role: 'viewer', summary: 'Log out', response: null }),

  history: operation({
    method: 'GET',
    path: '/history',
    role: 'viewer',
    summary: 'Outcomes, latencies, tokens and cost over time',
    query: history.rangeQuerySchema,
    response: history.historySchema,
  }),
  failures: operation({
    method: 'GET',
    path: '/failures',
    role: 'viewer',
    summary: 'Failures by code and provider',
    query: history.rangeQuerySchema,
    response: history.failuresSchema,
  }),

  searchJobs: operation({
    method: 'GET',
    path: '/jobs',
    role: 'viewer',
    summary: 'Search the jobs of all tenants, newest first',
    query: jobs.jobQuerySchema,
    response: jobs.jobPageSchema,
  }),
  job: operation({
    method: 'GET',
    path: '/jobs/{id}',
    role: 'viewer',
    summary: 'A job with its attempts, calls and steps',
    response: jobs.jobDetailsSchema,
  }),
  jobContent: operation({
    method: 'GET',
    path: '/jobs/{id}/content',
    role: 'operator',
    summary: 'Prompt and answer; the look is written into the audit log',
    response: jobs.jobContentSchema,
  }),
  jobEvents: operation({
    method: 'GET',
    path: '/jobs/{id}/events',
    role: 'operator',
    summary: 'The events, live (SSE); the look is written into the audit log',
    response: 'stream',
  }),
  cancelJob: operation({
    method: 'POST',
    path: '/jobs/{id}/cancel',
    role: 'operator',
    summary: 'Cancel',
    response: jobs.adminJobSchema,
  }),
  retryJob: operation({
    method: 'POST',
    path: '/jobs/{id}/retry',
    role: 'operator',
    summary: 'Run a failed or cancelled job again, under the same id',
    response: jobs.adminJobSchema,
  }),
  rerunJob: operation({
    method: 'POST',
    path: '/jobs/{id}/rerun',
    role: 'operator',
    summary: 'Run a changed copy, as a job of its own',
    body: jobs.rerunSchema,
    response: jobs.adminJobSchema,
    status: 201,
  }),
  deleteJob: operation({
    method: 'DELETE',
    path: '/jobs/{id}',
    role: 'operator',
    summary: 'Forget an ended job, in the archive too',
    response: null,
  }),
  bulk: operation({
    method: 'POST',
    path: '/jobs/bulk',
    role: 'operator',
    summary: 'Cancel, retry or delete many jobs',
    body: jobs.bulkSchema,
    response: jobs.bulkResultSchema,
  }),

  tenants: operation({
    method: 'GET',
    path: '/tenants',
    role: 'viewer',
    summary: 'All tenants, with what they have spent',
    response: tenants.tenantListSchema,
  }),
  tenant: operation({
    method: 'GET',
    path: '/tenants/{tenant}',
    role: 'viewer',
    summary: 'A tenant',
    response: tenants.tenantRowSchema,
  }),
  setTenant: operation({
    method: 'PUT',
    path: '/tenants/{tenant}',
    role: 'admin',
    summary: 'Create a tenant, or replace its settings',
    body: tenantSettingsSchema,
    response: tenants.tenantSchema,
  }),
  tenantUsage: operation({
    method: 'GET',
    path: '/tenants/{tenant}/usage',
    role: 'viewer',
    summary: 'What a tenant has spent, by day',
    query: tenants.usageQuerySchema,
    response: tenants.usageReportSchema,
  }),
  keys: operation({
    method: 'GET',
    path: '/tenants/{tenant}/keys',
    role: 'viewer',
    tenantKey: true,
    summary: 'API keys of a tenant',
    response: tenants.apiKeyListSchema,
  }),
  createKey: operation({
    method: 'POST',
    path: '/tenants/{tenant}/keys',
    role: 'admin',
    tenantKey: true,
    summary: 'Make an API key',
    body: keyRequestSchema,
    response: tenants.madeKeySchema,
    status: 201,
  }),
  rotateKey: operation({
    method: 'POST',
    path: '/tenants/{tenant}/keys/{keyId}/rotate',
    role: 'admin',
    tenantKey: true,
    summary: 'A new key like the old one',
    body: rotationSchema,
    response: tenants.madeKeySchema,
    status: 201,
  }),
  revokeKey: operation({
    method: 'DELETE',
    path: '/tenants/{tenant}/keys/{keyId}',
    role: 'admin',
    tenantKey: true,
    summary: 'Revoke an API key',
    response: null,
  }),
  plans: operation({
    method: 'GET',
    path: '/plans',
    role: 'viewer',
    summary: 'The plans of the config file',
    response: tenants.planListSchema,
  }),

  lanes: operation({
    method: 'GET',
    path: '/lanes',
    role: 'viewer',
    summary: 'Lanes with their queues, limits and providers',
    response: lanes.laneListSchema,
  }),
  changeLane: operation({
    method: 'PATCH',
    path: '/lanes/{lane}',
    role: 'operator',
    summary: 'Pause a lane, or set its limits (limits: role admin)',
    body: lanes.laneChangeSchema,
    response: lanes.laneSchema,
  }),
  workers: operation({
    method: 'GET',
    path: '/workers',
    role: 'viewer',
    summary: 'Worker processes that are alive',
    response: workerListSchema,
  }),

  users: operation({
    method: 'GET',
    path: '/users',
    role: 'admin',
    summary: 'Users of the console',
    response: session.userListSchema,
  }),
  createUser: operation({
    method: 'POST',
    path: '/users',
    role: 'admin',
    summary: 'Make a user with a key',
    body: session.newUserSchema,
    response: session.madeUserSchema,
    status: 201,
  }),
  changeUser: operation({
    method: 'PATCH',
    path: '/users/{name}',
    role: 'admin',
    summary: 'Give a user another role, at once',
    body: session.userChangeSchema,
    response: session.userSchema,
  }),
  deleteUser: operation({
    method: 'DELETE',
    path: '/users/{name}',
    role: 'admin',
    summary: 'Remove a user, and end its sessions',
    response: null,
  }),
  audit: operation({
    method: 'GET',
    path: '/audit',
    role: 'admin',
    summary: 'Who has done or looked at what, newest first',
    query: audit.auditQuerySchema,
    response: audit.auditPageSchema,
  }),
  settings: operation({
    method: 'GET',
    path: '/settings',
    role: 'viewer',
    summary: 'How this installation is set up',
    response: settingsSchema,
  }),
};

export type Operations = typeof operations;
export type OperationName = keyof Operations;

/** Names of the parameters in a path. */
export type PathParameters<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParameters<Rest>
  : never;
