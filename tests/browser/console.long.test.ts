/**
 * The console in a real browser, on a real Holdfast that has done jobs of every kind: every page for every role, what the roles
 * don't get, and whether the figures are true.
 */
import { mayActAs, type Operation, operations, pathOf, type Role, roles } from '@holdfast/admin';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { until } from '../stack/stack.ts';
import { faultsOf, listenTo, loaded, openPage } from './check-page.ts';
import { makeScene, prompts, type Scene } from './console-scene.ts';
import { button, ConsoleStack, section, viewports } from './console-stack.ts';

let app: ConsoleStack;
let scene: Scene;
beforeAll(async () => {
  app = await ConsoleStack.start();
  scene = await makeScene(app);
});
afterAll(() => app?.close());

const jobPath = (name: keyof Scene['jobs']) => `/jobs/${scene.jobs[name]}`;

/** Addresses of all pages, with a job of each kind. */
const pagePaths = () => [
  '/',
  '/jobs',
  '/jobs?status=failed&metadata.customer=nobody',
  ...(Object.keys(scene.jobs) as (keyof Scene['jobs'])[]).map(jobPath),
  '/jobs/job_nothing',
  '/failures',
  '/lanes',
  '/workers',
  '/tenants',
  '/tenants/acme',
  '/tenants/nobody',
  '/audit',
  '/users',
  '/settings',
  '/no-such-page',
];

/** What only some roles are offered: where it is, its button, and the least role. */
const offers = (): [path: string, name: string | RegExp, needed: Role][] => [
  [jobPath('failed'), 'Retry', 'operator'],
  [jobPath('failed'), 'Retry with edits', 'operator'],
  [jobPath('failed'), 'Delete', 'operator'],
  [jobPath('completed'), 'Show prompt and answer', 'operator'],
  [jobPath('completed'), 'Attach to the events', 'operator'],
  [jobPath('running'), 'Cancel', 'operator'],
  ['/lanes', 'Pause openai', 'operator'],
  ['/lanes', 'Change the limits of openai', 'admin'],
  ['/tenants', 'New tenant', 'admin'],
  ['/tenants/acme', 'New key', 'admin'],
  ['/tenants/acme', /^Rotate /, 'admin'],
  ['/tenants/acme', /^Revoke /, 'admin'],
  ['/tenants/acme', 'Change', 'admin'],
  ['/users', 'New user', 'admin'],
  ['/users', 'Delete the-viewer', 'admin'],
];

/** What is wrong with the open page on a desk in the light, and on a phone in the dark. */
async function faultsInBothViews(page: Page): Promise<string[]> {
  const onDesk = await faultsOf(page);
  await page.setViewportSize(viewports.phone);
  await page.emulateMedia({ colorScheme: 'dark' });
  const onPhone = await faultsOf(page);
  await page.setViewportSize(viewports.desk);
  await page.emulateMedia({ colorScheme: 'light' });
  return [...onDesk.map((fault) => `desk: ${fault}`), ...onPhone.map((fault) => `phone: ${fault}`)];
}

/** A page that isn't there is the one thing that a browser may complain about. */
const isExpected = (path: string, complaint: string) =>
  /nothing|nobody/.test(path) && complaint.includes('status of 404');

/** Keeps all that the server sends to a page. */
function listenToAnswers(page: Page): () => Promise<string> {
  const answers: Promise<string>[] = [];
  page.on('response', (response) => {
    answers.push(response.text().catch(() => ''));
  });
  return async () => (await Promise.all(answers)).join('\n');
}

/** What somebody of a role has met on all pages. */
interface Walk {
  /** What is wrong with each page, where something is. */
  faults: [path: string, found: string[]][];
  /** Which of `offers` there were. */
  offered: string[];
  /** Pages as they were shown, and all that the server has sent for them. */
  seen: string;
}

async function walk(role: Role): Promise<Walk> {
  const page = await app.newPage(role);
  const [complaints, answers] = [listenTo(page), listenToAnswers(page)];
  const walked: Walk = { faults: [], offered: [], seen: '' };
  for (const path of pagePaths()) {
    await openPage(page, app.url + path);
    walked.seen += await page.content();
    for (const [where, name] of offers()) {
      if (where === path && (await button(page, name).count()) > 0) walked.offered.push(`${where} ${name}`);
    }
    const found = [...(await faultsInBothViews(page)), ...complaints()].filter((fault) => !isExpected(path, fault));
    if (found.length > 0) walked.faults.push([path, found]);
  }
  for (const state of ['completed', 'failed', 'delayed', 'active']) {
    await page.goto(`${app.url}/queues/queue/default?status=${state}`);
    await page.getByRole('heading', { name: 'default' }).first().waitFor();
    walked.seen += await page.content();
  }
  walked.seen += await answers();
  return walked;
}

const walks = new Map<Role, Promise<Walk>>();
/** Several tests look at one walk: it takes its time. */
function walkAs(role: Role): Promise<Walk> {
  const walked = walks.get(role) ?? walk(role);
  walks.set(role, walked);
  return walked;
}

describe('the pages', () => {
  it.each(roles)('can be read by everybody, and complain about nothing, for the role %s', async (role) => {
    expect((await walkAs(role)).faults).toEqual([]);
  });

  it.each(roles)('offer to the role %s what it may do, and nothing else', async (role) => {
    const mayDo = offers().filter(([, , needed]) => mayActAs(role, needed));
    expect((await walkAs(role)).offered.sort()).toEqual(mayDo.map(([where, name]) => `${where} ${name}`).sort());
  });

  it('never show a prompt or an answer to a viewer, not even to the browser', async () => {
    const { seen } = await walkAs('viewer');
    expect(seen).toContain(scene.jobs.completed);
    expect(scene.secrets.filter((secret) => seen.includes(secret))).toEqual([]);
  });

  it('show them to an operator who asks for them, which is noted', async () => {
    const page = await app.newPage('operator');
    const answers = listenToAnswers(page);
    await openPage(page, app.url + jobPath('completed'));
    expect(await answers()).not.toContain(prompts.asked);
    await button(page, 'Show prompt and answer').click();
    // As text, with its tags.
    await page.getByText('<b>Be brief</b>', { exact: false }).waitFor();
    const shown = `${await page.content()} ${await answers()}`;
    expect(scene.secrets.filter((secret) => shown.includes(secret)).length).toBeGreaterThan(1);
    const { data } = await app.admin.call('audit', { query: { action: 'job.read_content' } });
    expect(data).toMatchObject([{ user: 'the-operator', target: scene.jobs.completed, outcome: 'done' }]);
  });
});

/** What the page would send, with the session and the token that it has. @returns the status and the code of the answer */
async function send(page: Page, { method, path }: Operation, body: object = {}): Promise<string> {
  const { request } = page.context();
  const { csrf_token } = await (await request.get(`${app.url}/admin/v1/session`)).json();
  const headers = { origin: app.url, 'x-csrf-token': csrf_token };
  const data = method === 'GET' || method === 'DELETE' ? undefined : body;
  const answer = await request.fetch(`${app.url}/admin/v1${path}`, { method, headers, data });
  return `${answer.status()} ${(await answer.json()).code}`;
}

describe('the server', () => {
  it.each(['viewer', 'operator'] as const)('refuses to the role %s all that its pages do not offer', async (role) => {
    const page = await app.newPage(role);
    const params = { id: scene.jobs.failed, tenant: 'acme', keyId: 'none', lane: 'default', name: 'the-viewer' };
    const refused: string[] = [];
    const closed = (Object.entries(operations) as [keyof typeof operations, Operation][]).filter(
      ([, { role: needed }]) => needed !== null && !mayActAs(role, needed),
    );
    for (const [name, operation] of closed) {
      const path = pathOf(name, params).replace('/admin/v1', '');
      refused.push(await send(page, { ...operation, path }));
    }
    expect(new Set(refused)).toEqual(new Set(['403 forbidden']));
    expect(refused.length).toBe(role === 'viewer' ? 17 : 9);
    const limits = { limits: { max_running: 1 } };
    expect(await send(page, { ...operations.changeLane, path: '/lanes/default' }, limits)).toBe('403 forbidden');
    expect((await app.admin.call('job', { params: { id: scene.jobs.failed } })).status).toBe('failed');
  });
});

/** The value and the note of a tile. */
const tile = (page: Page, label: string) =>
  page.locator('.tile', { has: page.locator('dt', { hasText: new RegExp(`^${label}$`) }) });

describe('the overview', () => {
  it('shows what has happened', async () => {
    const { calls } = await app.stack.providerCalls(null);
    const page = await app.visit('/', 'viewer');
    const savings = section(page, 'Paid once').locator('.savings > div');
    const copied = { hasText: 'Answers copied from equal jobs1' };
    await until('the figures of all processes are there', async () => (await savings.filter(copied).count()) === 1);
    await tile(page, 'Cost').getByText(`${calls} provider calls`).waitFor();
    // Eight have ended: completed, failed, retried, of several steps, cancelled, an answer and its copy.
    await tile(page, 'Failed').getByText('14.3% of ended jobs').waitFor();
    await tile(page, 'Running now').getByText(/^1$/).waitFor();
    expect(await savings.filter({ hasText: 'found their job again' }).textContent()).toContain('again1');
    expect(await savings.filter({ hasText: 'Attempts repeated' }).textContent()).toContain('repeated1');
    const lane = section(page, 'Lanes now').getByRole('row', { name: 'default' }).getByRole('cell');
    expect(await lane.allTextContents()).toEqual(['default', 'main healthy', '0', '–none', '1 of 50', '1']);
    const spenders = await section(page, 'By tenant').locator('tbody td:first-child').allTextContents();
    expect(spenders.sort()).toEqual(['acme', 'default']);
  });

  it('keeps its range in the address, and has every plot as a table', async () => {
    const page = await app.visit('/', 'viewer');
    await page.getByText('24 hours').click();
    await page.waitForURL(`${app.url}/?range=24h`);
    await loaded(page);
    await page.getByText('As a table').first().click();
    await page.getByRole('columnheader', { name: 'Completed' }).waitFor();
    await openPage(page, `${app.url}/?range=never`);
    expect(await page.getByRole('radio', { name: '1 hour' }).isChecked()).toBe(true);
  });

  it('says that its figures are old when the console is gone, and shows new ones when it is back', async () => {
    const page = await app.visit('/', 'viewer');
    await app.stopConsole();
    await page.getByText('These are old figures.').first().waitFor({ timeout: 60_000 });
    await app.startConsole();
    await page.getByText('These are old figures.').first().waitFor({ state: 'detached', timeout: 60_000 });
  });
});
