/** What each operation answers. Changes are kept until the server stops. */
import type { AdminJob, OperationName, Range, Role, Session } from '@holdfast/admin';
import type { JobStatus } from '@holdfast/core';
import { failuresOf, historyOf } from './fixture-history.ts';
import { contentOf, detailsOf, jobs } from './fixture-jobs.ts';
import { ago, type FixtureRequest, orThrow } from './fixture-parts.ts';
import { systemAnswers } from './fixture-system.ts';
import { tenantAnswers } from './fixture-tenants.ts';

const sessionOf = (role: Role): Session => ({
  user: role === 'admin' ? 'admin' : `${role}@example.com`,
  role,
  expires_at: ago(-40_000),
  csrf_token: 'fixture',
});

const rangeOf = ({ query }: FixtureRequest) => (query.range ?? '1h') as Range;
const jobOf = ({ params }: FixtureRequest) =>
  orThrow(
    jobs.find(({ id }) => id === params.id),
    'job',
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
  ...tenantAnswers,
  ...systemAnswers,
};
