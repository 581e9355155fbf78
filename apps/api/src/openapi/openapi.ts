/** `/openapi.json`: the contract, made from the schemas that validate requests and type answers. */
import {
  eventDataSchemas,
  jobListSchema,
  jobSchema,
  submitRequestSchema,
  taskListSchema,
  usageReportSchema,
  VERSION,
} from '@holdfast/core';
import { durabilityModes } from '@holdfast/redis';
import { PROBLEM_TYPE, problemSchema } from '@holdfast/service/http';
import type { Task } from '@holdfast/tasks';
import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiParameters,
  type ZodOpenApiPathItemObject,
} from 'zod-openapi';
import { usageQuerySchema } from '../routes/get-usage.ts';
import { listQuerySchema } from '../routes/list-jobs.ts';
import { jobHeaders, problemHeaders } from './openapi-headers.ts';

const problems = (...statuses: number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      String(status),
      {
        description: problemTitles[status] ?? 'Error',
        ...(problemHeaders[status] ? { headers: problemHeaders[status] } : {}),
        content: { [PROBLEM_TYPE]: { schema: problemSchema } },
      },
    ]),
  );

const problemTitles: Record<number, string> = {
  400: 'Malformed: not JSON, a bad key or cursor',
  401: 'No API key, or an unknown one',
  402: 'The budget of the day or the month does not allow it',
  403: 'The API key may not do this',
  404: 'You have no such job, or it has expired',
  409: 'The state of the job does not allow this',
  413: 'The body is too large: the limit is 10 MB, unless MAX_BODY_MB sets another one',
  415: 'Not JSON',
  422: 'A field is not valid, or the Idempotency-Key names a job with another body',
  429: 'Too many submits and retries in a minute, waiting jobs, or held requests (streams, `?wait=`): see Retry-After',
  503: 'The job store is not reachable, no replica has confirmed the write, or (for new jobs) it is nearly full or the limits of your plan are unknown: send the same request again',
};

const json = (description: string, schema: z.ZodType) => ({ description, content: { 'application/json': { schema } } });
const withId: ZodOpenApiParameters = { path: z.object({ id: z.string() }) };

/** The body of a submit: each task has its own input. */
function submitBodyOf(tasks: ReadonlyMap<string, Task>): z.ZodType {
  const [first, ...others] = [...tasks.values()].map(({ name, input }) =>
    z.object({ task: z.literal(name), input }).meta({ title: name }),
  );
  return first
    ? z.intersection(submitRequestSchema, z.discriminatedUnion('task', [first, ...others]))
    : submitRequestSchema;
}

const traceHeader = {
  traceparent: z.string().optional().meta({
    description: 'The trace of the caller, by W3C Trace Context. One that is not valid counts as not sent.',
  }),
};

const submit = (tasks: ReadonlyMap<string, Task>): ZodOpenApiOperationObject => ({
  summary: 'Submit a job',
  description:
    'The same Idempotency-Key with the same body is the same job. Without a key, every call creates a new job.',
  requestParams: {
    header: z.object({
      'Idempotency-Key': z.string().max(255).optional().meta({
        description: '1 to 255 visible ASCII characters, raw or quoted.',
      }),
      ...traceHeader,
    }),
  },
  requestBody: { required: true, content: { 'application/json': { schema: submitBodyOf(tasks) } } },
  responses: {
    '202': { ...json('Accepted, and durable', jobSchema), headers: jobHeaders.accepted },
    '200': { ...json('The job that this key names already', jobSchema), headers: jobHeaders.replayed },
    ...problems(400, 401, 402, 403, 413, 415, 422, 429, 503),
  },
});

const list: ZodOpenApiOperationObject = {
  summary: 'List jobs, newest first',
  description: 'Filter by metadata with `metadata.<name>=<value>`, which may be repeated.',
  requestParams: { query: listQuerySchema },
  responses: { '200': json('A page', jobListSchema), ...problems(400, 401, 403, 422, 503) },
};

const get: ZodOpenApiOperationObject = {
  summary: 'Get a job',
  requestParams: {
    ...withId,
    query: z.object({
      wait: z
        .number()
        .min(0)
        .max(60)
        .optional()
        .meta({ description: 'How many seconds to wait for the end of the job.' }),
    }),
    header: z.object({
      'If-None-Match': z.string().optional().meta({
        description:
          'ETags of the versions that you have, also weak ones (`W/"…"`) and lists, or `*` for any: 304 where one matches.',
      }),
    }),
  },
  responses: {
    '200': json('The job', jobSchema),
    '304': { description: 'Unchanged' },
    ...problems(401, 403, 404, 422, 429, 503),
  },
};

/** The `data` of each event type. */
const eventSchema = z
  .union(
    Object.entries(eventDataSchemas).map(([type, data]) => z.object({ event: z.literal(type), id: z.int(), data })),
  )
  .meta({ id: 'JobEvent' });

const attach: ZodOpenApiOperationObject = {
  summary: 'Attach to a job',
  description:
    'Server-Sent Events: those after the cursor, then live ones, until the job ends. `id` is the number of the event, 1, 2, 3 … ' +
    'without gaps. At an `attempt.started` with `attempt` > 1 and not `resumed`, drop the text received so far.',
  requestParams: {
    ...withId,
    query: z.object({ after: z.int().min(0).optional().meta({ description: 'Number of the last event you have.' }) }),
    header: z.object({
      'Last-Event-ID': z.string().optional().meta({ description: 'The same. It takes precedence over `after`.' }),
      ...traceHeader,
    }),
  },
  responses: {
    '200': { description: 'Events', content: { 'text/event-stream': { schema: eventSchema } } },
    '204': { description: 'The job has ended, and the cursor is its last event' },
    ...problems(400, 401, 403, 404, 429, 503),
  },
};

const cancel: ZodOpenApiOperationObject = {
  summary: 'Cancel a job',
  requestParams: withId,
  responses: { '200': json('The job as it is afterwards', jobSchema), ...problems(401, 403, 404, 503) },
};

const retry: ZodOpenApiOperationObject = {
  summary: 'Retry a failed or cancelled job',
  requestParams: withId,
  responses: {
    '202': { ...json('Queued again', jobSchema), headers: jobHeaders.retried },
    ...problems(401, 402, 403, 404, 409, 429, 503),
  },
};

const remove: ZodOpenApiOperationObject = {
  summary: 'Delete an ended job, with its request and answer',
  requestParams: withId,
  responses: {
    '200': json('Deleted', z.object({ id: z.string(), object: z.literal('job'), deleted: z.literal(true) })),
    ...problems(401, 403, 404, 409, 503),
  },
};

const usage: ZodOpenApiOperationObject = {
  summary: 'What your tenant has spent, and may spend',
  requestParams: { query: usageQuerySchema },
  responses: { '200': json('As of now', usageReportSchema), ...problems(401, 403, 422, 503) },
};

/** For operators, without an API key. */
const operations: Record<string, ZodOpenApiPathItemObject> = {
  '/healthz': {
    get: {
      summary: 'Whether the process is alive',
      security: [],
      responses: { '200': json('It is', z.object({ status: z.literal('ok') })) },
    },
  },
  '/readyz': {
    get: {
      summary: 'Whether it can take jobs, and what a 2xx promises',
      security: [],
      responses: {
        '200': json(
          'It can',
          z.object({
            status: z.literal('ready'),
            durability: z.enum(durabilityModes),
            replicas: z.int().optional().meta({ description: 'Connected replicas, where `durability` is `replica`.' }),
            memory: z.enum(['ok', 'nearly full']).meta({ description: 'Nearly full: new jobs are refused.' }),
            workers: z.int(),
            workers_with_other_config: z
              .int()
              .meta({ description: 'Workers with another config file than this process: 0, except during a deploy.' }),
          }),
        ),
        ...problems(503),
      },
    },
  },
  '/openapi.json': {
    get: { summary: 'This document', security: [], responses: { '200': json('OpenAPI 3.1', z.looseObject({})) } },
  },
};

const listTasks: ZodOpenApiOperationObject = {
  summary: 'List the tasks that your key may submit',
  responses: { '200': json('All tasks', taskListSchema), ...problems(401, 403, 503) },
};

/** The inputs and outputs of tasks, as named schemas of the document. */
function taskSchemas(tasks: ReadonlyMap<string, Task>): Record<string, z.ZodType> {
  const named = [...tasks.values()].flatMap(({ name, input, output }): [string, z.ZodType][] => [
    [`input.${name}`, input],
    ...(output ? [[`output.${name}`, output] as [string, z.ZodType]] : []),
  ]);
  return Object.fromEntries(named);
}

export function openApiDocument(tasks: ReadonlyMap<string, Task>): object {
  const summaries = [...tasks.values()].map((task) => `\`${task.name}\`: ${task.summary}`).join('\n');
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version: VERSION,
      description: `Durable jobs for applications that call language models.\n\nTasks:\n\n${summaries}`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    security: [{ apiKey: [] }],
    paths: {
      '/v1/jobs': { post: submit(tasks), get: list },
      '/v1/jobs/{id}': { get, delete: remove },
      '/v1/jobs/{id}/events': { get: attach },
      '/v1/jobs/{id}/cancel': { post: cancel },
      '/v1/jobs/{id}/retry': { post: retry },
      '/v1/tasks': { get: listTasks },
      '/v1/usage': { get: usage },
      ...operations,
    },
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'hold_…' } },
      schemas: taskSchemas(tasks),
    },
  });
}
