/** `/admin/v1/openapi.json`: the document of the admin API, made from the table that is served. */
import { ADMIN_PATH, type Operation, operations } from '@holdfast/admin';
import { PROBLEM_TYPE, problemSchema } from '@holdfast/service/http';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';

const problem = (description: string) => ({ description, content: { [PROBLEM_TYPE]: { schema: problemSchema } } });

export function adminApiDocument(): object {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Holdfast admin API',
      version: '0.1.0',
      description:
        'Send the admin key or the key of a user as a bearer token, or log in and send the cookie of the session, with its ' +
        '`csrf_token` as `X-CSRF-Token` where something changes. Each operation says which role it needs.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    security: [{ key: [] }, { session: [] }],
    paths: pathsOf(Object.entries(operations)),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'holdfast_console' },
      },
    },
  });
}

function pathsOf(all: readonly [string, Operation][]): ZodOpenApiPathsObject {
  const byPath = Map.groupBy(all, ([, { path }]) => path);
  const paths = [...byPath].map(([path, named]) => {
    const verbs = named.map(([name, operation]) => [
      operation.method.toLowerCase(),
      describeOperation(name, operation),
    ]);
    return [ADMIN_PATH + path, Object.fromEntries(verbs)];
  });
  return Object.fromEntries(paths) as ZodOpenApiPathsObject;
}

function describeOperation(name: string, operation: Operation): ZodOpenApiOperationObject {
  const { path, role, tenantKey, summary, query, body, status } = operation;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const own = tenantKey ? ' A tenant’s own API key with the scope `admin` may call it for its tenant.' : '';
  return {
    operationId: name,
    summary,
    description: role === null ? 'Anybody may call it.' : `Needs the role \`${role}\`.${own}`,
    ...(role === null ? { security: [] } : {}),
    requestParams: {
      ...(names.length > 0 ? { path: z.object(Object.fromEntries(names.map((one) => [one, z.string()]))) } : {}),
      ...(query instanceof z.ZodObject ? { query } : {}),
    },
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    responses: {
      [String(status ?? (operation.response === null ? 204 : 200))]: answerOf(operation),
      default: problem('Refused: `code` says why'),
    },
  };
}

function answerOf({ response }: Operation) {
  if (response === null) return { description: 'Done' };
  if (response === 'stream') return { description: 'Events', content: { 'text/event-stream': { schema: z.string() } } };
  return { description: 'The answer', content: { 'application/json': { schema: response } } };
}
