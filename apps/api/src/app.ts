/** The API as an express app: which route is which. The calls themselves are in `routes/`, one file each. */
import { RequestError } from '@holdfast/core';
import { createServerApp, type RequestHandler, Router } from '@holdfast/service';
import { forCallers } from './access/authenticate.ts';
import { OpenStreams } from './bounds/open-streams.ts';
import { demoPage } from './demo-page.ts';
import { answerInTime } from './http/answer-in-time.ts';
import { sendJson } from './http/send-job.ts';
import { storeError } from './http/store-error.ts';
import { docsPage } from './openapi/docs-page.ts';
import { openApiDocument } from './openapi/openapi.ts';
import type { ApiParts } from './parts.ts';
import { attachEvents } from './routes/attach-events.ts';
import { cancelJob, deleteJob, retryJob } from './routes/change-job.ts';
import { getJob, waitAskedFor } from './routes/get-job.ts';
import { getUsage } from './routes/get-usage.ts';
import { healthz, readyz } from './routes/health.ts';
import { listJobs } from './routes/list-jobs.ts';
import { listTasksOf } from './routes/list-tasks.ts';
import { submitJob } from './routes/submit-job.ts';

type Verb = 'get' | 'post' | 'delete';

/** Answers what isn't served at a path that is. */
function methodNotAllowed(verbs: Verb[]): RequestHandler {
  const allow = verbs.join(', ').toUpperCase();
  return (request, response) => {
    response.setHeader('allow', allow);
    throw new RequestError('method_not_allowed', `${request.method} is not served here; ${allow} is.`);
  };
}

type Routes = Record<string, Partial<Record<Verb, RequestHandler>>>;

function routesOf(parts: ApiParts): Routes {
  const to = (scope: 'submit' | 'read', call: typeof getJob) =>
    forCallers(parts, scope, (request, response, caller) => call(parts, request, response, caller));
  const openApi = openApiDocument(parts.tasks);
  const streams = new OpenStreams(parts);
  const attachTo: typeof getJob = (...args) => attachEvents(streams, ...args);
  return {
    '/v1/jobs': { get: to('read', listJobs), post: to('submit', submitJob) },
    '/v1/jobs/:id': { get: to('read', getJob), delete: to('submit', deleteJob) },
    '/v1/jobs/:id/events': { get: to('read', attachTo) },
    '/v1/jobs/:id/cancel': { post: to('submit', cancelJob) },
    '/v1/jobs/:id/retry': { post: to('submit', retryJob) },
    '/v1/tasks': { get: to('read', listTasksOf(parts.tasks)) },
    '/v1/usage': { get: to('read', getUsage) },
    '/healthz': { get: (request, response) => healthz(parts, request, response) },
    '/readyz': { get: (request, response) => readyz(parts, request, response) },
    '/metrics': { get: parts.metrics.answer },
    '/openapi.json': { get: (_request, response) => sendJson(response, 200, openApi) },
  };
}

export function createApi(parts: ApiParts) {
  return createServerApp({
    logger: parts.logger,
    translateError: storeError,
    onRequestEnd: parts.metrics.onRequestEnd,
    routes: (app) => {
      const router = Router();
      for (const [path, handlers] of Object.entries(routesOf(parts))) {
        for (const [verb, handler] of Object.entries(handlers)) {
          router[verb as Verb](path, answerInTime(handler, path === '/v1/jobs/:id' ? waitAskedFor : undefined));
        }
        router.all(path, methodNotAllowed(Object.keys(handlers) as Verb[]));
      }
      app.use(router);
      app.use('/docs', docsPage());
      app.use('/demo', demoPage());
    },
  });
}
