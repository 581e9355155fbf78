/** The reference is complete and says nothing that isn't there: errors, routes, events, commands, settings of the config file. */
import { eventDataSchemas, httpStatusOf, jobErrorCodes } from '@holdfast/core';
import { configSchema } from '@holdfast/service';
import { allTasks } from '@holdfast/tasks';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { openApiDocument } from '../../apps/api/src/openapi/openapi.ts';
import { readConfig } from '../../apps/cli/src/config.ts';
import { createProgram } from '../../apps/cli/src/program.ts';
import { readText } from './pages.ts';

type Command = ReturnType<typeof createProgram>;

const unique = (names: Iterable<string>) => [...new Set(names)].sort();

/** Rows of a page's tables whose first cell is a name in code: the name, and the other cells. */
function rowsOf(path: string): { name: string; cells: string[] }[] {
  return [...readText(path).matchAll(/^\| *`([^`]+)` *\|(.*)\|\s*$/gm)].map(([, name = '', rest = '']) => ({
    name,
    cells: rest.split(/(?<!\\)\|/).map((cell) => cell.trim()),
  }));
}

/** Every piece of code in a page, blocks included. */
const codeOf = (path: string) =>
  [...readText(path).matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map(([code]) => code).join('\n');

describe('docs/reference/errors.md', () => {
  const page = 'docs/reference/errors.md';

  it('has every error code, and none else', () => {
    const codes = unique([...Object.keys(httpStatusOf), ...jobErrorCodes]);
    expect(unique(rowsOf(page).map(({ name }) => name))).toEqual(codes);
  });

  it('says of each what to do', () => {
    const silent = rowsOf(page).filter(({ cells }) => cells.length < 2 || cells.at(-1) === '');
    expect(silent).toEqual([]);
  });

  it('shows the HTTP status of those that are answered with one', () => {
    const wrong = Object.entries(httpStatusOf).filter(
      ([code, status]) => !rowsOf(page).some(({ name, cells }) => name === code && cells.includes(String(status))),
    );
    expect(wrong).toEqual([]);
  });
});

describe('docs/reference/http.md', () => {
  it('has every route of the OpenAPI document, and no other of /v1', () => {
    const { paths } = openApiDocument(allTasks({})) as { paths: Record<string, Record<string, unknown>> };
    const methods = ['get', 'put', 'post', 'delete', 'patch'];
    const routes = Object.entries(paths).flatMap(([path, item]) =>
      methods.filter((method) => method in item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const named = codeOf('docs/reference/http.md').matchAll(/\b(?:GET|PUT|POST|DELETE|PATCH) \/[\w/{}.-]*/g);
    const shown = unique([...named].map(([route]) => route));
    expect(routes.filter((route) => !shown.includes(route))).toEqual([]);
    expect(shown.filter((route) => / \/v1\//.test(route) && !routes.includes(route))).toEqual([]);
  });
});

describe('docs/reference/events.md', () => {
  it('has every type of event, and none else', () => {
    const types = rowsOf('docs/reference/events.md').map(({ name }) => name);
    expect(unique(types.filter((name) => name.includes('.')))).toEqual(unique(Object.keys(eventDataSchemas)));
  });
});

describe('docs/reference/cli.md', () => {
  const page = 'docs/reference/cli.md';
  const commands = commandsOf(createProgram(readConfig({})));

  it('has every command', () => {
    const names = commands.filter(({ isGroup }) => !isGroup).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(10);
    const text = codeOf(page);
    expect(names.filter((name) => !new RegExp(`\\b${name}(?![\\w-])`).test(text))).toEqual([]);
  });

  it('has every option, and none else', () => {
    const options = unique([...commands.flatMap((command) => command.options), '--help']);
    const shown = unique([...codeOf(page).matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option));
    expect(options.filter((option) => !shown.includes(option) && option !== '--help')).toEqual([]);
    // Of npm and Docker, with which the command is begun.
    const foreign = ['--silent'];
    expect(shown.filter((option) => !options.includes(option) && !foreign.includes(option))).toEqual([]);
  });
});

interface ShownCommand {
  name: string;
  options: string[];
  isGroup: boolean;
}

function commandsOf(command: Command, path = 'holdfast'): ShownCommand[] {
  const own = {
    name: path,
    options: command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : [])),
    isGroup: command.commands.length > 0,
  };
  const below = command.commands.filter((sub) => sub.name() !== 'help');
  return [own, ...below.flatMap((sub) => commandsOf(sub, `${path} ${sub.name()}`))];
}

describe('docs/reference/config.md', () => {
  it('has every member of the config file', () => {
    const members = membersOf(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
    expect(members.length).toBeGreaterThan(20);
    const text = codeOf('docs/reference/config.md');
    expect(unique(members).filter((name) => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text))).toEqual([]);
  });
});

/** Names of all members that a JSON Schema has somewhere. */
function membersOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own =
    'properties' in schema && typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : [];
  return [...own, ...Object.values(schema).flatMap(membersOf)];
}
