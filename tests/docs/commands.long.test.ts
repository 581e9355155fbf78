/**
 * What the pages tell readers to do is done: each page's commands and programs, from top to bottom, against real processes. A
 * page has a tenant of its own, with a key in `KEY`; its `holdfast` is the command from the sources.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adminKey, freePort, processEnv, Stack } from '../stack/stack.ts';
import { parsePage } from './markdown.ts';
import { makeWorkspace, missingLines, outputsOf, writePageProgram } from './page-program.ts';
import { readPage, root, userPages } from './pages.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
let stack: Stack;
let consoleUrl: string;
/** By the ports that pages name. */
let addresses: Map<string, string>;

const folderOf = (path: string) => join(dir, path.replaceAll('/', '+'));
const hostOf = (url: string) => new URL(url).host;

beforeAll(async () => {
  makeWorkspace(dir);
  const port = await freePort();
  consoleUrl = `http://127.0.0.1:${port}`;
  stack = await Stack.start({
    config: (base_url) => ({
      task_files: ['@holdfast/tasks/examples', ...pageTasks()],
      lanes: { default: { models: ['*'], providers: [{ name: 'main', base_url }], background: true } },
      plans: { free: { requests_per_minute: 1_000, max_running: 50 } },
      prices: { '*': { input_usd_per_million: 1, output_usd_per_million: 2 } },
    }),
  });
  await stack.start('console', { CONSOLE_PORT: String(port) });
  addresses = new Map([
    ['3000', hostOf(stack.apiUrl)],
    ['3001', hostOf(consoleUrl)],
    ['3002', hostOf(stack.simulatorUrl)],
    ['9464', hostOf(await stack.first('api').metricsUrl())],
  ]);
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await stack?.close();
});

/** The tasks that pages tell their readers to write, as patterns. */
function pageTasks(): string[] {
  return userPages().flatMap((path) => {
    const { modules } = writePageProgram(readPage(path), folderOf(path), new Map());
    return [...modules.keys()].some((name) => name.startsWith('tasks/')) ? [join(folderOf(path), 'tasks/*.ts')] : [];
  });
}

async function admin<Value>(method: string, path: string, body: object): Promise<Value> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${consoleUrl}/admin/v1${path}`, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return (await response.json()) as Value;
}

/** A tenant that no other page has, and a key of it. */
async function newTenant(path: string): Promise<string> {
  const tenant = path.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  await admin('PUT', `/tenants/${tenant}`, { limits: {} });
  const { key } = await admin<{ key: string }>('POST', `/tenants/${tenant}/keys`, { scopes: ['submit', 'read'] });
  return key;
}

/** Commands that pages use, as they are in a clone; an HTTP error fails a page as a person would see it. */
const prelude = `
command -v curl >/dev/null || { echo 'The commands of the documents need curl: install it.'; exit 127; }
curl() { command curl --fail-with-body --max-time 20 "$@"; }
node() { command '${process.execPath}' --conditions=holdfast-source "$@"; }
holdfast() { node '${join(root, 'apps/cli/src/main.ts')}' "$@"; }
npx() { [ "$1" = holdfast ] && shift && holdfast "$@"; }
`;

interface Ran {
  exitCode: number | null;
  output: string;
}

function run(script: string, cwd: string, key: string): Promise<Ran> {
  const env = {
    ...processEnv,
    KEY: key,
    ADMIN_KEY: adminKey,
    HOLDFAST_URL: stack.apiUrl,
    HOLDFAST_CONSOLE_URL: consoleUrl,
    HOLDFAST_API_KEY: key,
    HOLDFAST_ADMIN_KEY: adminKey,
    HOLDFAST_DATA_DIR: dir,
  };
  // Both streams through one pipe: what is printed stays in its order.
  const child = spawn('bash', ['-c', `exec 2>&1\n${prelude}${script}`], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, output })));
}

/** Runs a page's program. @returns what is wrong with what it did */
async function faultsOf(path: string, page = readPage(path)): Promise<string[]> {
  const folder = folderOf(path);
  const { script, runs } = writePageProgram(page, folder, addresses);
  if (runs === 0) return [];
  const { exitCode, output } = await run(script, folder, await newTenant(path));
  const outputs = outputsOf(output);
  const [line = 0, last = output] = [...outputs].at(-1) ?? [];
  if (exitCode !== 0) return [`${path}:${line} ended with exit code ${exitCode}:\n${last}`];
  return page.blocks.flatMap((block, index) => {
    if (!block.comments.has('output')) return [];
    const before = page.blocks[index - 1]?.line ?? 0;
    const printed = outputs.get(before) ?? '';
    return missingLines(block.code, printed).map(
      (text) => `${path}:${before} doesn't print "${text}", but:\n${printed}`,
    );
  });
}

describe('the commands', () => {
  it.each(userPages())('of %s do what it says', async (path) => {
    expect(await faultsOf(path)).toEqual([]);
  });
});

describe('a page is found at fault', () => {
  it('where a command of it fails, or is answered with an error', async () => {
    const page = parsePage('```sh\ntrue\n```\n\n```sh\ncurl -s localhost:3000/v1/jobs\n```\n');
    expect(await faultsOf('failing', page)).toEqual([expect.stringMatching(/^failing:5 .*exit code 22:\n.*401/s)]);
  });

  it('where a command prints something else, or an expected failure fails otherwise', async () => {
    const printing = parsePage('```sh\necho a 1 b\n```\n\n<!-- output -->\n```text\na … b\na 2 b\n```\n');
    expect(await faultsOf('printing', printing)).toEqual([expect.stringMatching(/^printing:1 doesn't print "a 2 b"/)]);
    const exiting = parsePage('<!-- exit code: 2 -->\n```sh\n( exit 3 )\n```\n');
    expect(await faultsOf('exiting', exiting)).toEqual([expect.stringMatching(/exit code 3, not 2/)]);
  });

  it('where a program of it throws', async () => {
    const page = parsePage(
      "```ts\nimport { Holdfast } from '@holdfast/client';\nthrow new Error(typeof Holdfast);\n```\n",
    );
    expect(await faultsOf('throwing', page)).toEqual([expect.stringMatching(/^throwing:1 .*Error: function/s)]);
  });
});
