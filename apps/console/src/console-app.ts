/**
 * The console's HTTP server. Its layers, in the order of a request:
 *
 *   1. public          /healthz, /readyz, style
 *   2. admin key       /admin/v1
 *   3. same origin     every changing request to the routes below
 *   4. login           /login, /logout
 *   5. session         /, /queues
 */
import { RequestError } from '@holdfast/core';
import { createApiKeys, createTenants, type KnownPlans } from '@holdfast/gate';
import { isStoreUnavailable, type Redis } from '@holdfast/redis';
import { createServerApp, Router, type ServiceLogger } from '@holdfast/service';
import { adminRoutes } from './admin-routes.ts';
import { answerBoardErrors } from './board/board-errors.ts';
import { BOARD_PATH, boardRoutes } from './board/board-routes.ts';
import type { ConsoleConfig } from './config.ts';
import type { OpenLanes } from './lanes/lane-status.ts';
import { loginRoutes } from './login/login-routes.ts';
import { requireSession, sessionOf } from './login/require-session.ts';
import { refuseForeignOrigin } from './login/same-origin.ts';
import { createSessions } from './login/session.ts';
import { assetRoutes } from './pages/assets.ts';
import { overviewPage } from './pages/overview-page.ts';

type ServerApp = ReturnType<typeof createServerApp>;
type HelmetOptions = NonNullable<Parameters<typeof createServerApp>[0]['helmet']>;

interface ConsoleAppOptions {
  config: ConsoleConfig;
  redis: Redis;
  lanes: OpenLanes;
  knownPlans: KnownPlans;
  logger: ServiceLogger;
}

const securityHeaders: HelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // With helmet's default, no-referrer, browsers send `Origin: null` with forms, and `same-origin.ts` must refuse that.
  referrerPolicy: { policy: 'same-origin' },
};

export function createConsoleApp({ config, redis, lanes, knownPlans, logger }: ConsoleAppOptions): ServerApp {
  const { prefix, adminKey, apiUrl, plans, tasks } = config;
  const sessions = createSessions({ redis, prefix, adminKey });
  const apiKeys = createApiKeys({ redis, prefix });
  const tenants = createTenants({ redis, prefix });
  return createServerApp({
    logger,
    helmet: securityHeaders,
    translateError: storeError,
    routes: (app) => {
      app.use(healthRoutes(redis), assetRoutes());
      app.use(adminRoutes({ adminKey, tenants, plans, knownPlans, tasks, apiKeys, lanes, logger }));
      app.use(refuseForeignOrigin);
      app.use(loginRoutes({ redis, prefix, adminKey, sessions, logger }));
      app.get('/', requireSession(sessions), async (_request, response) => {
        const formToken = sessions.formToken(sessionOf(response));
        response.type('html').send(overviewPage({ lanes: await lanes.statuses(), formToken, apiUrl }));
      });
      app.use(BOARD_PATH, requireSession(sessions));
      app.use(boardRoutes(lanes));
      // Last, so that it also handles refusals of the origin and of the session.
      app.use(`${BOARD_PATH}/api`, answerBoardErrors(storeError));
    },
  });
}

function storeError(error: unknown): RequestError | null {
  if (!isStoreUnavailable(error)) return null;
  return new RequestError('store_unavailable', 'Redis does not answer.', { cause: error, retryAfterMs: 1_000 });
}

function healthRoutes(redis: Redis): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  router.get('/readyz', async (_request, response) => {
    await redis.ping();
    response.json({ status: 'ready' });
  });
  return router;
}
