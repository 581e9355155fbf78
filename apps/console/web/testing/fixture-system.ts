/** Made-up lanes, workers, users, audit log and settings. */
import type { AuditEntry, Lane, OperationName, User, Worker } from '@holdfast/admin';
import { jobs } from './fixture-jobs.ts';
import { ago, type FixtureRequest, list, orThrow } from './fixture-parts.ts';

const configLimits = { requests_per_minute: 500, tokens_per_minute: 200_000 };

const lanes: Lane[] = ['openai', 'azure', 'local'].map((name, at) => ({
  name,
  models: at === 0 ? ['gpt-5*', 'o4-*'] : at === 1 ? ['azure-*'] : ['*'],
  paused: at === 2,
  limits: at === 1 ? { ...configLimits, requests_per_minute: 120, max_running: 40 } : configLimits,
  limits_from: at === 1 ? 'admin' : 'config',
  config_limits: configLimits,
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
      workers: at === 2 ? 0 : 3,
      last_error_code: null,
      retry_at: null,
    },
  ],
}));

const laneOf = ({ params }: FixtureRequest) =>
  orThrow(
    lanes.find(({ name }) => name === params.lane),
    'lane',
  );

function changeLane(request: FixtureRequest): Lane {
  const lane = laneOf(request);
  const { paused = lane.paused, limits } = request.body as { paused?: boolean; limits?: Lane['limits'] | null };
  if (limits === null) Object.assign(lane, { limits: lane.config_limits, limits_from: 'config' });
  else if (limits !== undefined) Object.assign(lane, { limits, limits_from: 'admin' });
  return Object.assign(lane, { paused });
}

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
  lanes: lanes.map(({ name }, lane) => ({ name, running: 7 - lane * 2 + at * 13, capacity: 50 })),
  breakers: [
    {
      lane: 'azure',
      provider: 'azure-eu',
      state: at === 2 ? 'closed' : at === 1 ? 'half_open' : 'open',
      failures: at === 2 ? 0 : 9,
      retry_at: at === 2 ? null : ago(-12),
    },
  ],
  jobs_ended: 8_211 - at * 900,
  memory_bytes: 182_000_000 + at * 11_000_000,
  loop_delay_s: at === 1 ? 0.18 : 0.012,
}));

const users: User[] = [
  { name: 'ada@example.com', role: 'admin', login: 'oidc', created_at: ago(900_000), last_login_at: ago(3_600) },
  { name: 'ops-bot', role: 'operator', login: 'key', created_at: ago(500_000), last_login_at: null },
];

const userOf = ({ params }: FixtureRequest) =>
  orThrow(
    users.find(({ name }) => name === params.name),
    'user',
  );

function createUser({ body }: FixtureRequest) {
  const user = {
    ...(body as Pick<User, 'name' | 'role'>),
    login: 'key' as const,
    created_at: ago(0),
    last_login_at: null,
  };
  users.push(user);
  return { ...user, key: 'holduser_example_2mQ9vT4wX1zB6nC3pR8sD5' };
}

const done: Pick<AuditEntry, 'action' | 'target' | 'tenant' | 'details'>[] = [
  { action: 'job.read_content', target: jobs[3]?.id ?? null, tenant: 'acme', details: {} },
  { action: 'job.retry', target: jobs[4]?.id ?? null, tenant: 'north', details: {} },
  { action: 'lane.change', target: 'azure', tenant: null, details: { limits: { requests_per_minute: 120 } } },
  { action: 'login', target: null, tenant: null, details: {} },
  { action: 'key.create', target: 'q81mzk', tenant: 'acme', details: { scopes: ['submit', 'read'] } },
  { action: 'login.refused', target: null, tenant: null, details: {} },
  { action: 'tenant.set', target: 'north', tenant: 'north', details: { plan: 'pro' } },
  { action: 'jobs.bulk', target: null, tenant: null, details: { action: 'retry', done: 212, failed: 0 } },
];

const audit: AuditEntry[] = Array.from({ length: 130 }, (_, at) => ({
  id: `a${at}`,
  at: ago(12 + at * at * 90),
  user: at % 3 === 0 ? 'ada@example.com' : 'admin',
  role: 'admin',
  ...orThrow(done[at % done.length], 'entry'),
  address: '10.0.0.7',
  outcome: at % 8 === 1 ? 'job_not_ended' : at === 2 ? null : 'done',
}));

function searchAudit({ query }: FixtureRequest) {
  const { user, action, target } = query;
  const found = audit.filter(
    (entry) =>
      (!user || entry.user === user) && (!action || entry.action === action) && (!target || entry.target === target),
  );
  const from = Number(query.cursor ?? 0);
  const to = from + Number(query.limit ?? 50);
  return { object: 'list', data: found.slice(from, to), next_cursor: to < found.length ? String(to) : null };
}

const provider = (name: string) => ({ name, base_url: 'https://api.example.com/v1', api_key_env: 'OPENAI_API_KEY' });

const settings = {
  version: '0.1.0',
  durability: { mode: 'fsync', fault: null },
  redis: {
    version: '8.2.1',
    used_bytes: 1_822_000_000,
    max_bytes: 4_294_967_296,
    policy: 'noeviction',
    append_only: true,
    fsync: 'always',
    clients: 31,
    full_at: ago(-86_400 * 19),
    growth_bytes_per_day: 128_000_000,
  },
  archive: { configured: true, waiting: 14, lag_s: 3.2, oldest: ago(86_400 * 90) },
  retention_hours: 72,
  config_digest: 'a81f',
  config: {
    lanes: {
      openai: {
        models: ['gpt-5*', 'o4-*'],
        providers: [provider('openai'), provider('fallback')],
        limits: configLimits,
      },
      local: { models: ['*'], providers: [provider('openai')], limits: {} },
    },
    plans: { pro: { requests_per_minute: 600, weight: 2, budget_usd: { day: 20, month: 400 } } },
    prices: { 'gpt-5*': { input_usd_per_million: 1.25, output_usd_per_million: 10 } },
  },
  tasks: ['responses', 'chat.completions', 'embeddings', 'summarize', 'extract', 'chat'],
  settings: [
    { name: 'CONSOLE_PORT', value: '3001', from: 'default' },
    { name: 'DURABILITY', value: 'fsync', from: 'environment' },
    { name: 'HOLDFAST_CONFIG', value: '/etc/holdfast/holdfast.config.json', from: 'environment' },
    { name: 'RETENTION_HOURS', value: '72', from: 'default' },
    { name: 'TRUSTED_PROXIES', value: '', from: 'default' },
  ],
  bull_board: '/queues',
  api_url: 'http://127.0.0.1:3000',
};

export const systemAnswers = {
  lanes: () => list(lanes),
  changeLane,
  workers: () => list(workers),
  users: () => list(users),
  createUser,
  changeUser: (request) => Object.assign(userOf(request), request.body),
  deleteUser: (request) => void users.splice(users.indexOf(userOf(request)), 1),
  audit: searchAudit,
  settings: () => settings,
} satisfies Partial<Record<OperationName, (request: FixtureRequest) => unknown>>;
