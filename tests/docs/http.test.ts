/** docs/reference/http.md and events.md say what the API serves: routes, parameters, headers, statuses, members, metrics, events. */
import { eventDataSchemas, jobSchema, scopes, submitRequestSchema } from '@holdfast/core';
import { allTasks } from '@holdfast/tasks';
import { exampleTasks } from '@holdfast/tasks/examples';
import { describe, expect, it } from '@jest/globals';
import { openApiDocument } from '../../apps/api/src/openapi/openapi.ts';
import { firstNamesUnder, namesIn, readReference, rowsUnder } from './tables.ts';

interface Operation {
  parameters?: { name: string; in: string }[];
  responses: Record<string, { headers?: object }>;
}

const page = readReference('docs/reference/http.md');
const events = readReference('docs/reference/events.md');
const { paths } = openApiDocument(allTasks(exampleTasks)) as { paths: Record<string, Record<string, Operation>> };
const operations = Object.values(paths).flatMap((verbs) => Object.values(verbs));
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();
const parametersIn = (place: string) =>
  operations.flatMap(({ parameters = [] }) => parameters.filter((one) => one.in === place).map(({ name }) => name));

describe('docs/reference/http.md', () => {
  it('has every route of the contract, and no other', () => {
    const served = Object.entries(paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`),
    );
    expect(served.length).toBeGreaterThan(10);
    expect(firstNamesUnder(page, 'Routes').sort()).toEqual(served.sort());
  });

  it('names every query parameter', () => {
    const names = sorted(parametersIn('query'));
    expect(names).toContain('wait');
    expect(names.filter((name) => !new RegExp(`[\`?]${name}[\`=]`).test(page))).toEqual([]);
  });

  it('has every header of requests and answers', () => {
    const written = firstNamesUnder(page, 'Headers').map((name) => name.toLowerCase());
    const ofAnswers = operations.flatMap(({ responses }) =>
      Object.values(responses).flatMap(({ headers = {} }) => Object.keys(headers)),
    );
    const wanted = sorted([...parametersIn('header'), ...ofAnswers].map((name) => name.toLowerCase()));
    expect(wanted).toEqual(expect.arrayContaining(['idempotency-key', 'retry-after']));
    expect(wanted.filter((name) => !written.includes(name))).toEqual([]);
  });

  it('has every status of the contract, and no other', () => {
    const statuses = sorted(operations.flatMap(({ responses }) => Object.keys(responses)));
    expect(rowsUnder(page, 'Statuses').map(([status]) => status)).toEqual(statuses);
  });

  it('has every scope of keys', () => {
    expect(firstNamesUnder(page, 'Keys')).toEqual([...scopes]);
  });

  it('has every member of a submit, and of a job', () => {
    expect(firstNamesUnder(page, 'Submit').sort()).toEqual(sorted(Object.keys(submitRequestSchema.shape)));
    expect(firstNamesUnder(page, 'Poll').sort()).toEqual(sorted(Object.keys(jobSchema.shape)));
  });
});

describe('docs/reference/events.md', () => {
  it('has every type of event with its members, and no other', () => {
    const written = rowsUnder(events, 'Types').map(([type, members]) => [namesIn(type)[0], namesIn(members).sort()]);
    const served = Object.entries(eventDataSchemas).map(([type, { shape }]) => [
      type,
      Object.entries(shape)
        .map(([name, schema]) => (schema.safeParse(undefined).success ? `${name}?` : name))
        .sort(),
    ]);
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(served));
    expect(written.length).toBe(served.length);
  });
});
