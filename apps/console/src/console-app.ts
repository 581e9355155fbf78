/**
 * The console's HTTP server. Its layers, in the order of a request:
 *
 *   1. public         /healthz, /readyz
 *   2. key, session   /admin/v1: see `api/`
 *   3. same origin    every changing request to the routes below
 *   4. web app        /, /jobs …
 *   5. session        /queues
 */
import { RequestError } from '@holdfast/core';
import { isStoreUnavailable, type Redis } from '@holdfast/redis';
import { createServerApp, Router } from '@holdfast/service/http';
import { adminApi } from './admin-api.ts';
import { answerBoardErrors } from './board/board-errors.ts';
import { BOARD_PATH } from './board/board-path.ts';
import { boardRoutes } from './board/board-routes.ts';
import type { ConsoleDeps } from './deps.ts';
import { requireSession } from './login/require-session.ts';
import { refuseForeignOrigin } from './login/same-origin.ts';
import { oidcRoutes } from './oidc/oidc-routes.ts';
import { webAppRoutes } from './web-app.ts';

type ServerApp = ReturnType<typeof createServerApp>;
type HelmetOptions = NonNullable<Parameters<typeof createServerApp>[0]['helmet']>;

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

export function createConsoleApp(deps: ConsoleDeps): ServerApp {
  const { config, redis, logger, authentication } = deps;
  const { trustProxy } = config;
  return createServerApp({
    logger,
    helmet: securityHeaders,
    ...(trustProxy === undefined ? {} : { trustProxy }),
    translateError: storeError,
    routes: (app) => {
      app.use(healthRoutes(redis));
      app.use(adminApi(deps));
      app.use(refuseForeignOrigin);
      if (deps.oidc) app.use(oidcRoutes({ ...deps, ...deps.oidc }));
      app.use(webAppRoutes());
      app.use(BOARD_PATH, requireSession(authentication));
      app.use(boardRoutes(deps));
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
