/**
 * The console's web app in a real browser: every page can be read by everybody, and what it offers is done. The data is made up,
 * behind the contract of the admin API: tests/flow has the server that makes it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { faultsOf, listenTo, loaded, openPage } from '../../apps/console/web/testing/check-page.ts';
import { changedCopy, jobWith, pagePaths } from '../../apps/console/web/testing/fixture-paths.ts';
import { startFixtureServer } from '../../apps/console/web/testing/fixture-server.ts';
import { button, openWebApp, type WebApp } from './web-app.ts';

let app: WebApp;

beforeAll(async () => {
  app = await openWebApp();
});
afterEach(() => app.closePages());
afterAll(() => app?.close());

describe('pages', () => {
  it.each([
    { isPhone: false, colorScheme: 'light' },
    { isPhone: true, colorScheme: 'dark' },
  ] as const)('can be read by everybody (phone: $isPhone, $colorScheme)', async (view) => {
    const page = await app.newPage({ ...view, role: 'admin' });
    const complaints = listenTo(page);
    const faults: [string, string[]][] = [];
    for (const path of pagePaths) {
      await openPage(page, app.url + path);
      faults.push([path, [...(await faultsOf(page)), ...complaints()]]);
    }
    expect(faults.filter(([, found]) => found.length > 0)).toEqual([]);
    expect(faults.length).toBeGreaterThan(10);
  });

  it('show content of jobs as text, with its tags', async () => {
    const page = await app.visit(`/jobs/${jobWith('completed')}`, { role: 'operator' });
    await button(page, 'Show prompt and answer').click();
    await page.getByText('<b>Be brief</b>').waitFor();
  });
});

describe('logging in', () => {
  it('leads to the page that was asked for, with its filter', async () => {
    const page = await app.newPage({});
    await page.goto(`${app.url}/jobs?status=failed`);
    await page.getByLabel('Key').fill('operator');
    await button(page, 'Log in').click();
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
    await loaded(page);
    expect(new URL(page.url()).search).toBe('?status=failed');
    expect(await page.getByLabel('Status').inputValue()).toBe('failed');
    expect(await page.locator('tbody .badge', { hasText: 'completed' }).count()).toBe(0);
  });

  it('offers single sign-on where there is one', async () => {
    const page = await app.newPage({});
    await page.goto(`${app.url}/login`);
    await page.getByRole('link', { name: 'Continue with Example SSO' }).waitFor();
  });

  it('never leads to another site', async () => {
    const page = await app.newPage({});
    await page.goto(`${app.url}/login?next=//evil.example/`);
    await page.getByLabel('Key').fill('viewer');
    await button(page, 'Log in').click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(new URL(page.url()).origin).toBe(app.url);
  });
});

describe('a role', () => {
  it('is told what it may not see and do, and isn’t offered it', async () => {
    const page = await app.visit(`/jobs/${jobWith('failed')}`, { role: 'viewer' });
    await page.getByText('Prompts and answers are hidden for the role viewer').waitFor();
    for (const name of ['Retry', 'Delete', 'Show prompt and answer', 'Attach to the events']) {
      expect(await button(page, name).count()).toBe(0);
    }
    expect(await page.getByRole('link', { name: 'Users' }).count()).toBe(0);
    await openPage(page, `${app.url}/jobs`);
    expect(await page.getByRole('checkbox').count()).toBe(0);
  });
});

describe('jobs', () => {
  it('are acted on together: first counted, then done', async () => {
    const page = await app.visit('/jobs?status=failed&error_code=output_invalid', { role: 'operator' });
    await page.getByLabel('Select all on this page').check();
    const bar = page.getByRole('region', { name: 'Selected jobs' });
    await bar.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('No job would be cancelled.').waitFor();
    expect(await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByLabel('Select all on this page').check();
    await bar.getByRole('button', { name: 'Retry' }).click();
    await button(page, /^Retry \d+ jobs$/).click();
    await page.getByText(/^\d+ jobs were retried/).waitFor();
  });

  it('are kept in views under a name', async () => {
    const page = await app.visit('/jobs?tenant=acme', { role: 'viewer' });
    await button(page, 'Save this view').click();
    await page.getByLabel('Name').fill('Only acme');
    await button(page, 'Save').click();
    await openPage(page, `${app.url}/jobs`);
    await page.getByRole('link', { name: 'Only acme' }).click();
    await page.waitForURL(`${app.url}/jobs?tenant=acme`);
    expect(await page.getByLabel('Tenant').inputValue()).toBe('acme');
  });

  it('are retried with edits, which must be JSON; the copy shows what the edits changed', async () => {
    const page = await app.visit(`/jobs/${jobWith('completed')}`, { role: 'operator' });
    await button(page, 'Retry with edits').click();
    const editor = page.getByLabel('Input, as JSON');
    const input = await editor.inputValue();
    await editor.fill(input.slice(0, -1));
    await page.getByText('This is not JSON').waitFor();
    expect(await button(page, /^Submit/).isDisabled()).toBe(true);
    await editor.fill(input.replace('sailor', 'diver'));
    await button(page, 'Submit the changed copy').click();
    await page.waitForURL(`${app.url}/jobs/${changedCopy}`);
    await button(page, /^Show prompt and answer/).click();
    await page.locator('.diff ins').first().waitFor();
    expect(await page.locator('.diff del').count()).toBeGreaterThan(0);
  });

  it('show their events as they come', async () => {
    const page = await app.visit(`/jobs/${jobWith('running')}`, { role: 'operator' });
    await button(page, 'Attach to the events').click();
    await page.getByText('An anchor holds because', { exact: false }).waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByRole('cell', { name: 'attempt.started' }).waitFor();
  });
});

describe('the overview', () => {
  it('keeps its range in the address, and has every plot as a table', async () => {
    const page = await app.visit('/', { role: 'viewer' });
    await page.getByText('24 hours').click();
    await page.waitForURL(`${app.url}/?range=24h`);
    await page.getByText('As a table').first().click();
    await page.getByRole('columnheader', { name: 'Completed' }).waitFor();
    await openPage(page, `${app.url}/?range=never`);
    expect(await page.getByRole('radio', { name: '1 hour' }).isChecked()).toBe(true);
  });

  it('says that its figures are old when the console is gone, and shows new ones when it is back', async () => {
    const own = await startFixtureServer();
    const page = await app.newPage({});
    await page.context().addCookies([{ name: 'role', value: 'viewer', url: own.url }]);
    await openPage(page, own.url);
    await own.close();
    await page.getByText('These are old figures.').first().waitFor({ timeout: 60_000 });
    const back = await startFixtureServer(Number(new URL(own.url).port));
    await page.getByText('These are old figures.').first().waitFor({ state: 'detached', timeout: 60_000 });
    await back.close();
  });
});
