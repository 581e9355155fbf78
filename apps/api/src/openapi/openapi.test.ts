import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../../testing/api.ts';

interface Operation {
  summary?: string;
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; schema: unknown }[];
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, { description: string; headers?: object; content?: Record<string, { schema: unknown }> }>;
}

interface Document {
  openapi: string;
  info: Record<string, unknown>;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { type?: string; properties?: Record<string, unknown>; required?: string[] }> };
}

interface Choice {
  properties: { task: { const: string }; input: { $ref: string } };
  required: string[];
}

let api: TestApi;
let document: Document;
beforeAll(async () => {
  api = await startTestApi();
  document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;
});
afterAll(() => api.end());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })),
  );

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

/** Every route of the app, as `get /v1/jobs/{id}`, from express' own list. */
function routesOf(layers: Layer[]): string[] {
  return layers.flatMap(({ route, handle }) => {
    if (!route) return routesOf(handle.stack ?? []);
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    const verbs = Object.keys(route.methods).filter((verb) => route.methods[verb]);
    return verbs.length > 3 || verbs.includes('_all') ? [] : verbs.map((verb) => `${verb} ${path}`);
  });
}

function* valuesOf(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  yield value as Record<string, unknown>;
  for (const child of Object.values(value)) yield* valuesOf(child);
}

describe('the OpenAPI document', () => {
  it('lists every route that the app serves, and no other', () => {
    const served = routesOf((api.app as unknown as { router: { stack: Layer[] } }).router.stack);
    expect(served.length).toBeGreaterThan(8);
    expect(
      operations()
        .map(({ path, verb }) => `${verb} ${path}`)
        .sort(),
    ).toEqual(served.sort());
  });

  it('agrees with what the server allows at each path', async () => {
    for (const [path, verbs] of Object.entries(document.paths)) {
      const response = await fetch(`${api.url}${path.replace('{id}', 'job_a')}`, { method: 'PATCH' });
      expect(response.status).toBe(405);
      const allowed = response.headers.get('allow')?.toLowerCase().split(', ');
      expect([path, allowed?.sort()]).toEqual([path, Object.keys(verbs).sort()]);
    }
  });

  it('is OpenAPI 3.1: version, info, responses with descriptions, path parameters, references that lead somewhere', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: 'Holdfast', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    for (const { path, verb, operation } of operations()) {
      const statuses = Object.keys(operation.responses);
      expect([verb, path, operation.summary, statuses.length > 0]).toEqual([verb, path, expect.any(String), true]);
      for (const status of statuses) expect(status).toMatch(/^[2-5]\d\d$/);
      for (const { description } of Object.values(operation.responses)) expect(description.length).toBeGreaterThan(3);
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(declared.map(({ name, required }) => [name, required])).toEqual(named.map((name) => [name, true]));
    }
    const references = [...valuesOf(document)].map(({ $ref }) => $ref).filter((ref) => ref !== undefined);
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references as string[]) {
      const [, name = ''] = /^#\/components\/schemas\/([\w.-]+)$/.exec(reference) ?? [];
      expect([reference, name in document.components.schemas]).toEqual([reference, true]);
    }
  });

  it('has the schemas of jobs, problems and events, and of the input of every task', () => {
    const { schemas } = document.components;
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(['Job', 'JobList', 'Problem', 'SubmitRequest']));
    expect(Object.keys(schemas).some((name) => /^JobEvent/.test(name))).toBe(true);
    // A task's input goes by its schema's id, or by the task's name where it has none.
    const inputs = Object.keys(schemas).filter((name) => /Input$|^input\./.test(name));
    expect(inputs).toHaveLength(api.deps.tasks.size);
    const text = JSON.stringify(schemas);
    for (const member of ['messages', 'max_tokens', 'temperature', 'dimensions', 'max_output_tokens', 'text.delta']) {
      expect(text).toContain(`"${member}"`);
    }
  });

  it('ties the input of a submit to its task, by the schemas that it lists', () => {
    const { schema } = document.paths['/v1/jobs']?.post?.requestBody?.content['application/json'] ?? {};
    const [request, choice] = (schema as { allOf: [object, { oneOf: Choice[] }] }).allOf;
    expect(request).toEqual({ $ref: '#/components/schemas/SubmitRequest' });
    expect(choice.oneOf.map(({ properties }) => properties.task.const)).toEqual([...api.deps.tasks.keys()]);
    const inputOf = (name: string) =>
      choice.oneOf.find(({ properties }) => properties.task.const === name)?.properties.input;
    expect(inputOf('chat.completions')).toEqual({ $ref: '#/components/schemas/ChatCompletionsInput' });
    expect(inputOf('summarize')).toEqual({ $ref: '#/components/schemas/input.summarize' });
    for (const { required, properties } of choice.oneOf) {
      expect(required).toEqual(['task', 'input']);
      expect(Object.keys(properties.input)).toEqual(['$ref']);
    }
    // What is filled in where it is left out isn't asked for.
    expect(document.components.schemas['input.summarize']?.required).toEqual(['text']);
  });

  it('has the headers of answers to a submit and a run again', () => {
    const headersOf = (path: string, status: string) =>
      Object.keys(document.paths[path]?.post?.responses[status]?.headers ?? {}).map((name) => name.toLowerCase());
    const limits = [
      'ratelimit',
      'ratelimit-policy',
      ...['limit', 'remaining', 'reset'].map((what) => `x-ratelimit-${what}-requests`),
    ];
    const expected: [string, string, string[]][] = [
      ['/v1/jobs', '202', ['location', ...limits]],
      ['/v1/jobs', '200', ['location', 'idempotent-replayed', ...limits]],
      ['/v1/jobs/{id}/retry', '202', limits],
      ...['/v1/jobs', '/v1/jobs/{id}/retry'].flatMap((path): [string, string, string[]][] => [
        [path, '402', ['retry-after', ...limits]],
        [path, '429', ['retry-after', ...limits]],
        [path, '503', ['retry-after']],
      ]),
    ];
    for (const [path, status, names] of expected) {
      expect([path, status, headersOf(path, status).sort()]).toEqual([path, status, names.sort()]);
    }
  });

  it('says that a problem may come of every call that needs a key, and that a key is needed', () => {
    const document_ = document as unknown as { security: object[] };
    expect(document_.security).toEqual([{ apiKey: [] }]);
    for (const { path, operation } of operations()) {
      const open = !path.startsWith('/v1/');
      expect([path, operation.security]).toEqual([path, open ? [] : undefined]);
      if (open) continue;
      const { content } = operation.responses['401'] ?? {};
      expect(Object.keys(content ?? {})).toEqual(['application/problem+json']);
    }
  });
});
