/** All rows, in the order of the table. */
import type { Row } from './row.ts';
import { attach } from './rows/attach.ts';
import { backlog } from './rows/backlog.ts';
import { firstToken } from './rows/first-token.ts';
import { hostileTenant } from './rows/hostile-tenant.ts';
import { idleReaders } from './rows/idle-readers.ts';
import { jobs } from './rows/jobs.ts';
import { list } from './rows/list.ts';
import { memory } from './rows/memory.ts';
import { redisPerJob } from './rows/redis-per-job.ts';
import { poll, replay } from './rows/replay-poll.ts';
import { submit, submitOne } from './rows/submit.ts';
import { tokenLatency } from './rows/token-latency.ts';
import { tokens } from './rows/tokens.ts';
import { workerSdk } from './rows/worker-sdk.ts';

export const rows: readonly Row[] = [
  submit,
  submitOne,
  replay,
  poll,
  jobs,
  workerSdk,
  firstToken,
  tokens,
  tokenLatency,
  attach,
  idleReaders,
  redisPerJob,
  memory,
  list,
  backlog,
  hostileTenant,
];
