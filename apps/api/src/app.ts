/**
 * The API as an express app: which route is which. Each call is one file in `routes/`; here each route is handed the part of
 * `ApiDeps` that it needs.
 */
import { RequestError } from '@holdfast/core';
import { createServerApp, OpenStreams, type RequestHandler, Router } from '@holdfast/service/http';
import { type CallerHandler, forCallers } from './access/authenticate.ts';
import { demoPage } from './demo-page.ts';
import type { ApiDeps } from './deps.ts';
import { answerInTime } from './http/answer-in-time.ts';
import { withSpan } from './http/request-span.ts';
import { jobSender } from './http/send-job.ts';
import { sendJson } from './http/send-json.ts';
import { storeError } from './http/store-error.ts';
import { docsPage } from './openapi/docs-page.ts';
import { openApiDocument } from './openapi/openapi.ts';
import { attachEvents } from './routes/attach-events.ts';
import { cancelJob } from './routes/cancel-job.ts';
import { deleteJob } from './routes/delete-job.ts';
import { getJob, requestedWaitMs } from './routes/get-job.ts';
import { getUsage } from './routes/get-usage.ts';
import { healthz, readyz } from './routes/health.ts';
import { listJobs } from './routes/list-jobs.ts';
import { listTasks } from './routes/list-tasks.ts';
import { retryJob } from './routes/retry-job.ts';
import { submitJob } from './routes/submit-job.ts';

type Verb = 'get' | 'post' | 'delete';

/** Answers a verb that a path doesn't serve. */
function methodNotAllowed(verbs: Verb[]): RequestHandler {
  const allow = verbs.join(', ').toUpperCase();
  return (request, response) => {
    response.setHeader('allow', allow);
    throw new RequestError('method_not_allowed', `${request.method} is not served here; ${allow} is.`);
  };
}

type Routes = Record<string, Partial<Record<Verb, RequestHandler>>>;

function routesOf(deps: ApiDeps): Routes {
  const forReaders = (handler: CallerHandler) => forCallers(deps.findCaller, 'read', handler);
  const forSubmitters = (handler: CallerHandler) => forCallers(deps.findCaller, 'submit', handler);
  const sendJob = jobSender(deps);
  const streams = new OpenStreams(deps);
  const openApi = openApiDocument(deps.tasks);
  return {
    '/v1/jobs': {
      get: forReaders(listJobs(deps)),
      post: withSpan(deps.tracer, forSubmitters(submitJob({ ...deps, sendJob }))),
    },
    '/v1/jobs/:id': {
      get: forReaders(getJob({ ...deps, sendJob })),
      delete: forSubmitters(deleteJob(deps)),
    },
    '/v1/jobs/:id/events': { get: forReaders(attachEvents({ ...deps, streams })) },
    '/v1/jobs/:id/cancel': { post: forSubmitters(cancelJob({ ...deps, sendJob })) },
    '/v1/jobs/:id/retry': { post: forSubmitters(retryJob({ ...deps, sendJob })) },
    '/v1/tasks': { get: forReaders(listTasks(deps)) },
    '/v1/usage': { get: forReaders(getUsage(deps)) },
    '/healthz': { get: healthz },
    '/readyz': { get: readyz(deps) },
    '/openapi.json': { get: (_request, response) => sendJson(response, 200, openApi) },
  };
}

export function createApi(deps: ApiDeps) {
  return createServerApp({
    logger: deps.logger,
    translateError: storeError,
    onRequestEnd: deps.metrics.onRequestEnd,
    routes: (app) => {
      const router = Router();
      for (const [path, handlers] of Object.entries(routesOf(deps))) {
        for (const [verb, handler] of Object.entries(handlers)) {
          router[verb as Verb](path, answerInTime(handler, path === '/v1/jobs/:id' ? requestedWaitMs : undefined));
        }
        router.all(path, methodNotAllowed(Object.keys(handlers) as Verb[]));
      }
      app.use(router);
      app.use('/docs', docsPage());
      app.use('/demo', demoPage());
    },
  });
}
