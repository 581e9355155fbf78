/** What each operation answers. Changes are kept until the server stops. */

import type {
  AdminJob,
  AuditEntry,
  Lane,
  OperationName,
  Range,
  Role,
  Session,
  TenantRow,
  User,
  Worker,
} from '@holdfast/admin';
import type { JobStatus } from '@holdfast/core';
import { failuresOf, historyOf } from './fixture-history.ts';
import { contentOf, detailsOf, jobs } from './fixture-jobs.ts';

export interface FixtureRequest {
  params: Record<string, string>;
  query: Record<string, string>;
  body: unknown;
  role: Role | null;
}

/** Becomes a 404. */
export class NotThere extends Error {}

const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
const list = <Item>(data: readonly Item[]) => ({ object: 'list' as const, data });
const orThrow = <Item>(item: Item | undefined, what: string): Item => {
  if (item === undefined) throw new NotThere(`There is no such ${what}.`);
  return item;
};

const sessionOf = (role: Role): Session => ({
  user: role === 'admin' ? 'admin' : `${role}@example.com`,
  role,
  expires_at: ago(-40_000),
  csrf_token: 'fixture',
});

const tenants: TenantRow[] = ['acme', 'north', 'harbor', 'umbrella', 'orchard', 'default'].map((id, at) => ({
  id,
  plan: at % 2 === 0 ? 'pro' : null,
  limits: at % 2 === 0 ? null : { max_running: 5, budget_usd: { day: 4, month: 60 } },
  plan_status: at % 2 === 0 ? (at === 4 ? 'missing' : 'configured') : null,
  created_at: ago(86_400 * (3 + at * 11)),
  day_usd: 12.4 / (at + 1),
  month_usd: 212.3 / (at + 1),
  reserved_usd: 0.12,
  waiting: at * 3,
  running: at,
  effective_limits: {
    requests_per_minute: 600,
    max_queued: 10_000,
    max_running: 20,
    weight: 2,
    budget_usd: { day: 20, month: 400 },
  },
}));

const lanes: Lane[] = ['openai', 'azure', 'local'].map((name, at) => ({
  name,
  models: at === 0 ? ['gpt-5*'] : at === 1 ? ['azure-*'] : ['*'],
  paused: at === 2,
  limits: { requests_per_minute: 500, tokens_per_minute: 200_000, max_running: 100 },
  limits_from: at === 1 ? 'admin' : 'config',
  config_limits: { requests_per_minute: 500, tokens_per_minute: 200_000 },
  counts: { waiting: at * 14, active: 22 - at * 9, delayed: 3, completed: 940, failed: 12 },
  oldest_wait_s: at === 0 ? null : at * 71.2,
  waiting_tokens: at * 18_200,
  capacity: 50,
  providers: [
    {
      name: at === 1 ? 'azure-eu' : 'openai',
      base_url: 'https://api.example.com/v1',
      state: at === 1 ? 'failing' : 'healthy',
      open_on: at === 1 ? 2 : 0,
      workers: 3,
      last_error_code: at === 1 ? 'provider_unavailable' : null,
      retry_at: at === 1 ? ago(-12) : null,
    },
    {
      name: 'fallback',
      base_url: 'https://fallback.example.com/v1',
      state: at === 2 ? 'unknown' : 'healthy',
      open_on: 0,
      workers: 3,
      last_error_code: null,
      retry_at: null,
    },
  ],
}));

const workers: Worker[] = ['7f3a', '81bc', '9d04'].map((id, at) => ({
  id: `worker-${id}`,
  host: `host-${at + 1}`,
  pid: 4_100 + at,
  version: '0.1.0',
  started_at: ago(9_000 * (at + 1)),
  seen_at: ago(at),
  config_digest: at === 2 ? 'b2c1' : 'a81f',
  same_config: at !== 2,
  draining: at === 1,
  lanes: lanes.map(({ name }, lane) => ({ name, running: 7 - lane * 2, capacity: 50 })),
  breakers: [
    {
      lane: 'azure',
      provider: 'azure-eu',
      state: at === 2 ? 'closed' : 'open',
      failures: at === 2 ? 0 : 9,
      retry_at: at === 2 ? null : ago(-12),
    },
  ],
  jobs_ended: 8_211 - at * 900,
  memory_bytes: 182_000_000 + at * 11_000_000,
  loop_delay_s: 0.012,
}));

const users: User[] = [
  { name: 'ada@example.com', role: 'admin', login: 'oidc', created_at: ago(900_000), last_login_at: ago(3_600) },
  { name: 'ops-bot', role: 'operator', login: 'key', created_at: ago(500_000), last_login_at: null },
];

const audit: AuditEntry[] = Array.from({ length: 24 }, (_, at) => ({
  id: `a${at}`,
  at: ago(at * 410),
  user: at % 3 === 0 ? 'ada@example.com' : 'admin',
  role: 'admin',
  action: (['job.read_content', 'job.retry', 'lane.change', 'login', 'key.create'] as const)[at % 5] ?? 'login',
  target: at % 5 === 3 ? null : (jobs[at]?.id ?? null),
  tenant: at % 5 === 0 ? 'acme' : null,
  details: at % 5 === 2 ? { paused: true } : {},
  address: '10.0.0.7',
  outcome: 'done',
}));

const rangeOf = ({ query }: FixtureRequest) => (query.range ?? '1h') as Range;
const jobOf = ({ params }: FixtureRequest) =>
  orThrow(
    jobs.find(({ id }) => id === params.id),
    'job',
  );
const laneOf = ({ params }: FixtureRequest) =>
  orThrow(
    lanes.find(({ name }) => name === params.lane),
    'lane',
  );
const tenantOf = ({ params }: FixtureRequest) =>
  orThrow(
    tenants.find(({ id }) => id === params.tenant),
    'tenant',
  );

function matches(job: AdminJob, query: Record<string, string>): boolean {
  const { id, tenant, task, lane, status, error_code, created_from, created_to } = query;
  const wanted: [string | undefined, string | undefined][] = [
    [id, job.id],
    [tenant, job.tenant],
    [task, job.task],
    [lane, job.lane],
    [status, job.status],
    [error_code, job.error?.code],
    ...Object.entries(query)
      .filter(([name]) => name.startsWith('metadata.'))
      .map(([name, value]): [string, string | undefined] => [value, job.metadata[name.slice(9)]]),
  ];
  if (created_from && job.created_at < created_from) return false;
  if (created_to && job.created_at > created_to) return false;
  return wanted.every(([value, own]) => value === undefined || value === own);
}

function searchJobs({ query }: FixtureRequest) {
  const found = jobs.filter((job) => matches(job, query));
  const from = Number(query.cursor ?? 0);
  const limit = Number(query.limit ?? 50);
  const isMore = from + limit < found.length;
  return {
    object: 'list' as const,
    data: found.slice(from, from + limit),
    next_cursor: isMore ? String(from + limit) : null,
    scanned_to: null,
    archived: true,
  };
}

const fits: Record<string, readonly JobStatus[]> = {
  cancel: ['queued', 'running'],
  retry: ['failed', 'cancelled'],
  delete: ['completed', 'failed', 'cancelled'],
};

function bulk({ body }: FixtureRequest) {
  const {
    action,
    ids,
    filter = {},
    dry_run,
  } = body as { action: string; ids?: string[]; filter?: Record<string, string>; dry_run: boolean };
  const chosen = jobs.filter((job) => (ids ? ids.includes(job.id) : matches(job, filter)));
  const fitting = chosen.filter(({ status }) => fits[action]?.includes(status));
  return {
    dry_run,
    matched: fitting.length,
    done: dry_run ? 0 : fitting.length,
    skipped: chosen.length - fitting.length,
    failed: [],
    ids: fitting.slice(0, 20).map(({ id }) => id),
    next_cursor: null,
  };
}

const usage = {
  object: 'usage',
  limits: { budget_usd: { day: 20, month: 400 } },
  reserved_usd: 0.12,
  day: { starts: '2026-11-28', spent_usd: 12.4, budget_usd: 20, resets_at: ago(-20_000) },
  month: { starts: '2026-11-01', spent_usd: 212.3, budget_usd: 400, resets_at: ago(-200_000) },
  requests: { limit: 600, remaining: 512, reset_s: 12 },
  days: Array.from({ length: 28 }, (_, at) => ({
    date: new Date(Date.now() - (27 - at) * 86_400_000).toISOString().slice(0, 10),
    usd: 5 + 4 * Math.sin(at / 3),
    input_tokens: 210_000 + at * 900,
    output_tokens: 62_000 + at * 300,
    calls: 800,
    jobs: 760,
    avoided_usd: 0.4,
  })),
};

const settings = {
  version: '0.1.0',
  durability: { mode: 'fsync', fault: null },
  redis: {
    version: '8.2.1',
    used_bytes: 1_822_000_000,
    max_bytes: 4_294_967_296,
    policy: 'noeviction',
    append_only: true,
    fsync: 'everysec',
    clients: 31,
    full_at: ago(-86_400 * 19),
    growth_bytes_per_day: 128_000_000,
  },
  archive: { configured: true, waiting: 14, lag_s: 3.2, oldest: ago(86_400 * 90) },
  retention_hours: 72,
  config_digest: 'a81f',
  config: {
    lanes: { openai: { models: ['gpt-5*'], providers: [{ name: 'openai', api_key_env: 'OPENAI_API_KEY' }] } },
    plans: { pro: { weight: 2 } },
  },
  tasks: ['responses', 'chat.completions', 'embeddings', 'summarize', 'extract', 'chat'],
  settings: [
    { name: 'CONSOLE_PORT', value: '3001', from: 'default' },
    { name: 'DURABILITY', value: 'fsync', from: 'environment' },
  ],
  bull_board: '/queues',
  api_url: 'http://127.0.0.1:3000',
};

const key = {
  id: 'key_81',
  scopes: ['submit', 'read'],
  tasks: null,
  bootstrap: false,
  created_at: ago(90_000),
  expires_at: null,
};

export const answers: Record<OperationName, (request: FixtureRequest) => unknown> = {
  loginWays: () => ({ oidc: 'Continue with Example SSO', oidc_problem: null }),
  login: ({ body }) => sessionOf((body as { key: string }).key as Role),
  session: ({ role }) => sessionOf(role ?? 'viewer'),
  logout: () => undefined,
  history: (request) => historyOf(rangeOf(request)),
  failures: (request) => failuresOf(rangeOf(request)),
  searchJobs,
  job: (request) => detailsOf(jobOf(request)),
  jobContent: (request) => contentOf(jobOf(request)),
  jobEvents: () => undefined,
  cancelJob: (request) => Object.assign(jobOf(request), { status: 'cancelled', finished_at: ago(0) }),
  retryJob: (request) => Object.assign(jobOf(request), { status: 'queued', error: null, finished_at: null }),
  rerunJob: () => jobs[2],
  deleteJob: () => undefined,
  bulk,
  tenants: () => list(tenants),
  tenant: tenantOf,
  setTenant: tenantOf,
  tenantUsage: () => usage,
  keys: () => list([key, { ...key, id: 'key_9f', tasks: ['summarize'], bootstrap: true }]),
  createKey: () => ({ id: 'key_new', key: 'hold_example_7Yk2mQ9vT4wX1zB6nC3pR8sD5fG0hJ' }),
  rotateKey: () => ({ id: 'key_new', key: 'hold_example_7Yk2mQ9vT4wX1zB6nC3pR8sD5fG0hJ' }),
  revokeKey: () => undefined,
  plans: () => list([{ name: 'pro', limits: { weight: 2, max_running: 20 }, tenants: 3 }]),
  lanes: () => list(lanes),
  changeLane: (request) => Object.assign(laneOf(request), request.body),
  workers: () => list(workers),
  users: () => list(users),
  createUser: ({ body }) => ({
    ...(body as object),
    created_at: ago(0),
    last_login_at: null,
    key: 'holduser_example_2mQ9vT4wX1zB6nC3pR8sD5',
  }),
  changeUser: ({ params, body }) => ({
    ...orThrow(
      users.find(({ name }) => name === params.name),
      'user',
    ),
    role: (body as { role: Role }).role,
  }),
  deleteUser: () => undefined,
  audit: () => ({ object: 'list', data: audit, next_cursor: null }),
  settings: () => settings,
};
