/** `/openapi.json`: the contract, made from the schemas that requests are checked by and answers are typed by. */
import {
  eventDataSchemas,
  jobListSchema,
  jobSchema,
  submitRequestSchema,
  taskListSchema,
  usageReportSchema,
} from '@holdfast/core';
import { durabilityModes } from '@holdfast/redis';
import { PROBLEM_TYPE, problemSchema } from '@holdfast/service';
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
  404: 'No such job of yours (any more)',
  409: 'The job is not in a state for this',
  413: 'The body is larger than the server takes: 10 MB, unless MAX_BODY_MB says otherwise',
  415: 'Not JSON',
  422: 'A field does not fit, or the key names a job with another body',
  429: 'Too many submissions in a minute, jobs that wait, or requests that are held (streams, `?wait=`): see Retry-After',
  503: 'The store is not reachable, no replica has confirmed, or (new jobs only) it is nearly full or knows no limits of your plan: send the same again',
};

const json = (description: string, schema: z.ZodType) => ({ description, content: { 'application/json': { schema } } });
const withId: ZodOpenApiParameters = { path: z.object({ id: z.string() }) };

/** The body of a submit, for the tasks that there are: each takes an input of its own. */
function submissionOf(tasks: ReadonlyMap<string, Task>): z.ZodType {
  const [first, ...others] = [...tasks.values()].map(({ name, input }) =>
    z.object({ task: z.literal(name), input }).meta({ title: name }),
  );
  return first
    ? z.intersection(submitRequestSchema, z.discriminatedUnion('task', [first, ...others]))
    : submitRequestSchema;
}

const submit = (tasks: ReadonlyMap<string, Task>): ZodOpenApiOperationObject => ({
  summary: 'Submit a job',
  description: 'The same Idempotency-Key and body again is the same job. Without a key every call makes a new one.',
  requestParams: {
    header: z.object({
      'Idempotency-Key': z.string().max(255).optional().meta({
        description: '1 to 255 visible ASCII characters, raw or quoted.',
      }),
    }),
  },
  requestBody: { required: true, content: { 'application/json': { schema: submissionOf(tasks) } } },
  responses: {
    '202': { ...json('Accepted, and on disk', jobSchema), headers: jobHeaders.accepted },
    '200': { ...json('The key named this job already', jobSchema), headers: jobHeaders.replayed },
    ...problems(400, 401, 402, 403, 413, 415, 422, 429, 503),
  },
});

const list: ZodOpenApiOperationObject = {
  summary: 'List jobs, newest first',
  description: 'Filter by metadata with `metadata.<name>=<value>`, as often as needed.',
  requestParams: { query: listQuerySchema },
  responses: { '200': json('A page', jobListSchema), ...problems(400, 401, 403, 422, 503) },
};

const get: ZodOpenApiOperationObject = {
  summary: 'Get a job',
  requestParams: {
    ...withId,
    query: z.object({
      wait: z.number().min(0).max(60).optional().meta({ description: 'Seconds to hold until the job ends.' }),
    }),
    header: z.object({
      'If-None-Match': z.string().optional().meta({
        description:
          'ETags of the job as you have it, weak ones (`W/"…"`) and lists too, or `*` for any: 304 where one fits.',
      }),
    }),
  },
  responses: {
    '200': json('The job', jobSchema),
    '304': { description: 'Unchanged' },
    ...problems(401, 403, 404, 422, 429, 503),
  },
};

/** What `data` holds, by event type. */
const eventSchema = z
  .union(
    Object.entries(eventDataSchemas).map(([type, data]) => z.object({ event: z.literal(type), id: z.int(), data })),
  )
  .meta({ id: 'JobEvent' });

const attach: ZodOpenApiOperationObject = {
  summary: 'Attach to a job',
  description:
    'Server-Sent Events, from the cursor on and then live, until the job ends. `id` is the number of the event, 1, 2, 3 … ' +
    'without gaps. `attempt.started` with `attempt` > 1 and not `resumed`: drop the text so far.',
  requestParams: {
    ...withId,
    query: z.object({ after: z.int().min(0).optional().meta({ description: 'Number of the last event you have.' }) }),
    header: z.object({
      'Last-Event-ID': z.string().optional().meta({ description: 'The same; comes before `after`.' }),
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

const runAgain: ZodOpenApiOperationObject = {
  summary: 'Run a failed or cancelled job again',
  requestParams: withId,
  responses: {
    '202': { ...json('Queued again', jobSchema), headers: jobHeaders.runAgain },
    ...problems(401, 402, 403, 404, 409, 429, 503),
  },
};

const forget: ZodOpenApiOperationObject = {
  summary: 'Forget an ended job, prompt and answer included',
  requestParams: withId,
  responses: {
    '200': json('Forgotten', z.object({ id: z.string(), object: z.literal('job'), deleted: z.literal(true) })),
    ...problems(401, 403, 404, 409, 503),
  },
};

const usage: ZodOpenApiOperationObject = {
  summary: 'What your tenant has spent, and may',
  requestParams: { query: usageQuerySchema },
  responses: { '200': json('As of now', usageReportSchema), ...problems(401, 403, 422, 503) },
};

/** For those who run it: no API key is asked for. */
const operations: Record<string, ZodOpenApiPathItemObject> = {
  '/healthz': {
    get: {
      summary: 'Whether the process lives',
      security: [],
      responses: { '200': json('It does', z.object({ status: z.literal('ok') })) },
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
            replicas: z.int().optional().meta({ description: 'Connected ones, where `durability` is `replica`.' }),
            memory: z.enum(['ok', 'nearly full']).meta({ description: 'Nearly full: new jobs are refused.' }),
            workers: z.int(),
            workers_with_other_config: z.int().meta({ description: 'Than this process has read: 0, but in a deploy.' }),
          }),
        ),
        ...problems(503),
      },
    },
  },
  '/metrics': {
    get: {
      summary: 'Metrics for Prometheus',
      security: [],
      responses: { '200': { description: 'Text format', content: { 'text/plain': { schema: z.string() } } } },
    },
  },
  '/openapi.json': {
    get: { summary: 'This document', security: [], responses: { '200': json('OpenAPI 3.1', z.looseObject({})) } },
  },
};

const listTasks: ZodOpenApiOperationObject = {
  summary: 'List the tasks that your key may submit',
  responses: { '200': json('All of them', taskListSchema), ...problems(401, 403, 503) },
};

/** What tasks take and give, as schemas that the document lists by name. */
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
      version: '0.1.0',
      description: `Durable jobs for applications that call language models.\n\nTasks:\n\n${summaries}`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    security: [{ apiKey: [] }],
    paths: {
      '/v1/jobs': { post: submit(tasks), get: list },
      '/v1/jobs/{id}': { get, delete: forget },
      '/v1/jobs/{id}/events': { get: attach },
      '/v1/jobs/{id}/cancel': { post: cancel },
      '/v1/jobs/{id}/retry': { post: runAgain },
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
