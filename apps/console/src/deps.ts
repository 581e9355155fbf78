/** Everything that the routes need. `main.ts` opens it, and each function takes its share. */
import type { EndedJob, Logger } from '@holdfast/core';
import {
  type ApiKeys,
  createApiKeys,
  createTenantLimits,
  createTenants,
  type KnownPlans,
  type TenantLimits,
  type Tenants,
  warnOfUnpriced,
} from '@holdfast/gate';
import type { LiveFeed } from '@holdfast/journal';
import type { DurableWrites, MemoryWatch, Redis, ServerWatch } from '@holdfast/redis';
import type { ServiceLogger } from '@holdfast/service';
import { OpenStreams } from '@holdfast/service/http';
import type { Authentication } from './access/authenticate.ts';
import { createKeyGuesses } from './access/key-guesses.ts';
import { AuditLog } from './audit/audit-log.ts';
import type { ConsoleCells } from './cells.ts';
import type { ConsoleConfig } from './config.ts';
import type { ArchivedJobs } from './jobs/archived-jobs.ts';
import type { OpenLanes } from './lanes/lane-status.ts';
import { createAdminKeyCheck } from './login/admin-key.ts';
import { createLoginThrottle, type LoginThrottle } from './login/login-throttle.ts';
import { createSessions, type Sessions } from './login/session.ts';
import { createUsers, type Users } from './login/users.ts';
import { OidcClient } from './oidc/oidc-client.ts';
import type { OidcConfig } from './oidc/oidc-config.ts';
import { PendingLogins } from './oidc/pending-logins.ts';

/** Time between comment heartbeats on event streams, in ms. */
const HEARTBEAT_MS = 15_000;

/** What `main.ts` opens, and closes at the end. */
export interface Opened {
  config: ConsoleConfig;
  redis: Redis;
  cells: ConsoleCells;
  lanes: OpenLanes;
  knownPlans: KnownPlans;
  feed: LiveFeed;
  /** null: there is no archive. */
  archive: ArchivedJobs | null;
  /** A job was cancelled while it waited. For statistics. */
  onEnded: (job: EndedJob) => void;
  writes: Pick<DurableWrites, 'run'>;
  watch: Pick<ServerWatch, 'fault'>;
  memory: Pick<MemoryWatch, 'isNearlyFull' | 'markFull' | 'usedShare'>;
  logger: ServiceLogger;
  /** Aborts when the process stops: open event streams end then. */
  stopping: AbortSignal;
}

export interface ConsoleDeps extends Opened {
  isAdminKey(presented: string): boolean;
  sessions: Sessions;
  users: Users;
  throttle: LoginThrottle;
  audit: AuditLog;
  apiKeys: ApiKeys;
  tenants: Tenants;
  limits: TenantLimits;
  warnOfUnpriced: ReturnType<typeof warnOfUnpriced>;
  streams: OpenStreams;
  authentication: Authentication;
  /** Single sign-on; null: there is none. */
  oidc: OidcDeps | null;
}

interface OidcDeps {
  client: OidcClient;
  config: OidcConfig;
  pending: PendingLogins;
}

export function makeDeps(opened: Opened): ConsoleDeps {
  const { redis, config, knownPlans, logger, stopping } = opened;
  const { prefix, adminKey } = config;
  const isAdminKey = createAdminKeyCheck(adminKey);
  const sessions = createSessions({ redis, prefix, adminKey });
  const users = createUsers({ redis, prefix, adminKey });
  const apiKeys = createApiKeys({ redis, prefix });
  const tenants = createTenants({ redis, prefix });
  const guesses = createKeyGuesses({ redis, prefix });
  return {
    ...opened,
    isAdminKey,
    sessions,
    users,
    throttle: createLoginThrottle({ redis, prefix }),
    audit: new AuditLog({ redis, prefix, logger: logger as Logger }),
    apiKeys,
    tenants,
    limits: createTenantLimits({ tenants, plans: knownPlans, logger }),
    warnOfUnpriced: warnOfUnpriced(logger),
    streams: new OpenStreams({ heartbeatMs: HEARTBEAT_MS, stopping }),
    authentication: { isAdminKey, users, sessions, apiKeys, guesses },
    oidc: openOidc(opened),
  };
}

function openOidc({ redis, config: { oidc, prefix, adminKey }, logger }: Opened): OidcDeps | null {
  if (oidc === null) return null;
  const client = new OidcClient(oidc, logger);
  // The console starts without it: the login page says what is wrong.
  void client.prepare();
  return { client, config: oidc, pending: new PendingLogins({ redis, prefix, adminKey }) };
}
