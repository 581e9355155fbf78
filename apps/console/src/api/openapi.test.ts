/** The document, the table and what is served agree. */
import { ADMIN_PATH, type Operation, operations } from '@holdfast/admin';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startConsole, type TestConsole } from '../../testing/console.ts';

interface Described {
  operationId: string;
  description: string;
  parameters?: { name: string; in: string }[];
  requestBody?: object;
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

let running: TestConsole;
let paths: Record<string, Record<string, Described>>;
beforeAll(async () => {
  running = await startConsole();
  paths = ((await (await running.get('/admin/v1/openapi.json')).json()) as { paths: typeof paths }).paths;
});
afterAll(() => running.cleanUp());

const described = (): [string, Described][] =>
  Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, one]): [string, Described] => [`${verb.toUpperCase()} ${path}`, one]),
  );
const table = Object.entries(operations) as [string, Operation][];
const routeOf = ({ method, path }: Operation) => `${method} ${ADMIN_PATH}${path}`;

describe('the document of the admin API', () => {
  it('has every operation of the table, by its name, and no other', () => {
    const names = Object.fromEntries(described().map(([route, { operationId }]) => [route, operationId]));
    expect(names).toEqual(Object.fromEntries(table.map(([name, operation]) => [routeOf(operation), name])));
  });

  it('says of each its role, parameters, body, status and answer', () => {
    for (const [, operation] of table) {
      const { role, method, path, query, body, response } = operation;
      const one = paths[`${ADMIN_PATH}${path}`]?.[method.toLowerCase()];
      expect(one?.description).toContain(role === null ? 'Anybody' : `\`${role}\``);
      const names = (place: string) =>
        one?.parameters?.filter((each) => each.in === place).map(({ name }) => name) ?? [];
      expect(names('path')).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      expect(names('query').length > 0).toBe(query !== undefined);
      expect(one?.requestBody !== undefined).toBe(body !== undefined);
      const status = String(operation.status ?? (response === null ? 204 : 200));
      expect(Object.keys(one?.responses ?? {}).sort()).toEqual([status, 'default'].sort());
    }
  });

  it('describes what is served: each route knows its methods, and no other', async () => {
    const admin = { authorization: `Bearer ${running.adminKey}` };
    const byPath = Map.groupBy(table, ([, { path }]) => path);
    for (const [path, named] of byPath) {
      const address = `/admin/v1${path.replace(/\{\w+\}/g, 'x')}`;
      const methods = named.map(([, { method }]) => method as string);
      const other = ['PUT', 'PATCH', 'DELETE', 'POST', 'GET'].find((one) => !methods.includes(one)) ?? '';
      const answer = await running.request(address, { method: other, headers: admin });
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, methods.join(', ')]);
    }
  });

  it('names each shape once, and refers to it', () => {
    const answer = paths['/admin/v1/tenants']?.get?.responses['200']?.content?.['application/json']?.schema;
    expect(answer).toEqual({ $ref: '#/components/schemas/TenantList' });
  });
});
