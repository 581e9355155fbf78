/** Figures that the pages of reference, guides and operation name stand in the code as well: where one changes, its page is named. */
import { describe, expect, it } from '@jest/globals';
import { readText } from './pages.ts';

const http = 'docs/reference/http.md';
const events = 'docs/reference/events.md';
const lanes = 'docs/guides/lanes-and-providers.md';
const tasks = 'docs/guides/tasks.md';
const consolePage = 'docs/operate/console.md';
const adminApi = 'docs/reference/admin-api.md';
const redis = 'docs/operate/redis.md';
const proxies = 'docs/operate/tls-and-proxies.md';
const scale = 'docs/operate/scale.md';
const upgrade = 'docs/operate/upgrade.md';

const server = 'packages/service/src/http/server.ts';
const apiMain = 'apps/api/src/main.ts';

/** What a page says, and what the code has for it. */
const figures: [page: string, says: string, file: string, has: string][] = [
  [http, '60 seconds at most', 'apps/api/src/routes/get-job.ts', 'MAX_WAIT_S = 60;'],
  [http, 'waits up to 1.5 seconds', 'packages/jobs/src/cancel-job.ts', 'CANCEL_WAIT_MS = 1_500;'],
  [http, '2.5 s, plus what `?wait=` asks', 'apps/api/src/http/answer-in-time.ts', 'ANSWER_MS = 2_200;'],
  [http, '30 s; its headers 10 s', server, 'requestTimeout: 30_000, headersTimeout: 10_000'],
  [http, '16 KB in all', server, 'maxHeaderSize: 16_384'],
  [http, 'cut off after 10 s', apiMain, 'READER_STALL_MS = 10_000;'],
  [
    http,
    '64, 10,000, 200,000',
    'packages/service/src/http/strict-json.ts',
    'depth: 64, members: 10_000, values: 200_000',
  ],
  [http, '1 to 128 of', 'packages/service/src/http/request-log.ts', '{1,128}$/;'],
  [events, 'comes every 15 seconds', apiMain, 'HEARTBEAT_MS = 15_000;'],
  [lanes, 'Five failures', 'packages/providers/src/health/failure-scope.ts', 'MAX_FAILURES = 5;'],
  [lanes, 'in the last ten calls', 'packages/providers/src/health/breaker.ts', 'RESULTS = 10;'],
  [lanes, 'open it for 10 s', 'packages/providers/src/health/breaker.ts', 'OPEN_MS = 10_000;'],
  [lanes, 'for up to five minutes', 'apps/worker/src/main.ts', 'MAX_WAIT_MS = 300_000;'],
  [lanes, 'over all attempts. Default: 6.', 'packages/core/src/lanes.ts', 'DEFAULT_MAX_CALLS = 6;'],
  [lanes, 'within some 10 s', 'packages/cell/src/scripts/queue/limits.ts', 'GONE_AFTER_MS = 10_000;'],
  [tasks, 'JSON, up to 256 KB', 'packages/tasks/src/context/create-context.ts', '256 * 1024;'],
  [
    tasks,
    'without it 4,096 tokens',
    'packages/gate/src/admission/estimate-call.ts',
    'UNBOUNDED_OUTPUT_TOKENS = 4_096;',
  ],
  [tasks, '`task failed`', 'apps/worker/src/attempt/execute-task.ts', "'task failed'"],
  [consolePage, 'A session lasts 12 hours', 'apps/console/src/login/session.ts', 'MAX_SECONDS = 12 * 60 * 60;'],
  [consolePage, 'after 2 hours without', 'apps/console/src/login/session.ts', 'IDLE_SECONDS = 2 * 60 * 60;'],
  [consolePage, 'Ten logins a minute', 'apps/console/src/login/login-throttle.ts', 'LOGINS_PER_ADDRESS = 10;'],
  [consolePage, 'thirty with one key', 'apps/console/src/login/login-throttle.ts', 'LOGINS_PER_KEY = 30;'],
  [adminApi, '100,000 entries, for 400 days', 'apps/console/src/audit/audit-log.ts', 'acts: 100_000, refused: 10_000'],
  [redis, 'every two seconds', 'packages/redis/src/server-watch.ts', 'EVERY_MS = 2_000;'],
  [redis, 'worker, `attempt over`', 'apps/worker/src/attempt/report-attempt.ts', "'attempt over'"],
  [redis, '(EX_CONFIG)', 'packages/service/src/run-service.ts', 'EXIT_MISCONFIGURED = 78;'],
  [proxies, 'closes its own after 65 s', server, 'keepAliveTimeout = 65_000;'],
  [proxies, 'gives other requests 3 s', apiMain, 'CLOSE_GRACE_MS = 3_000;'],
  [proxies, '`X-Accel-Buffering: no`', 'packages/service/src/http/sse-sink.ts', "'x-accel-buffering': 'no'"],
  [scale, 'its locks last 5 s', 'packages/queue/src/names.ts', 'LOCK_MS = 5_000;'],
  [scale, 'four fifths of `ulimit -n`', 'apps/api/src/bounds/open-files.ts', 'SHARE_FOR_HELD = 0.8;'],
  [upgrade, '5 s later', 'apps/worker/src/attempt/prepare-task.ts', 'PUT_BACK_MS = 5_000;'],
  [upgrade, 'after 60 attempts', 'apps/worker/src/attempt/prepare-task.ts', 'MAX_PUT_BACK = 60;'],
  ['CHANGELOG.md', 'Layout of keys: 4.', 'packages/cell/src/layout.ts', "LAYOUT = '4';"],
];

describe('a figure', () => {
  it.each(figures)('of %s, "%s", is that of %s: %s', (page, says, file, has) => {
    expect(readText(page).replace(/\s+/g, ' ')).toContain(says);
    expect(readText(file)).toContain(has);
  });
});
