/** What admins and operators do in the console's web app: tenants, API keys, lanes, users; and what the other pages find. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { faultsOf, loaded, openPage } from '../../apps/console/web/testing/check-page.ts';
import { button, openWebApp, type WebApp } from './web-app.ts';

let app: WebApp;

beforeAll(async () => {
  app = await openWebApp();
});
afterEach(() => app.closePages());
afterAll(() => app?.close());

/** The part of a page that has this heading. */
const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true }).first();
const focusedLabel = (page: Page) =>
  page.evaluate('document.activeElement.ariaLabel ?? document.activeElement.textContent') as Promise<string>;

describe('tenants', () => {
  it('are found by id and plan, and the search stands in the address', async () => {
    const page = await app.visit('/tenants?q=acme', { role: 'viewer' });
    expect(await page.locator('tbody tr').count()).toBe(1);
    await page.getByLabel('Search by id or plan').fill('nobody');
    await page.getByText('No tenant matches “nobody”.').waitFor();
    await page.waitForURL(`${app.url}/tenants?q=nobody`);
    expect(await button(page, 'New tenant').count()).toBe(0);
  });

  it('are made with limits of their own, which the contract checks', async () => {
    const page = await app.visit('/tenants', { role: 'admin' });
    await button(page, 'New tenant').click();
    const id = page.getByRole('textbox', { name: 'Id' });
    await id.fill('acme');
    await page.getByText('There is a tenant of this id.').waitFor();
    expect(await button(page, 'Make the tenant').isDisabled()).toBe(true);
    await id.fill('newcomer');
    await page.getByText('Its own limits').click();
    await page.getByLabel('Running jobs').fill('many');
    await page.getByLabel('Weight').fill('5000');
    await button(page, 'Make the tenant').click();
    await page.getByText('Write a number, or leave it empty.').waitFor();
    await page.getByText('At most 1,000.').waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await page.getByLabel('Running jobs').fill('7');
    await page.getByLabel('Weight').fill('2');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.url}/tenants/newcomer`);
    await loaded(page);
    expect(await section(page, 'Limits and budgets').textContent()).toMatch(/Running jobs7.*Weight2/);
  });

  it('that do not exist are an error with a way to try again', async () => {
    const page = await app.visit('/tenants/nobody', { role: 'viewer' });
    await page.getByRole('alert').getByText('There is no such tenant.').waitFor();
    await button(page, 'Try again').click();
    await page.getByRole('alert').waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });

  it('show what they used, as a plot and as a table', async () => {
    const page = await app.visit('/tenants/acme?days=7', { role: 'viewer' });
    await page.getByText('Tokens', { exact: true }).click();
    await page.getByText('As a table').click();
    await page.getByRole('columnheader', { name: 'Output' }).waitFor();
    expect(await section(page, 'Usage by day').locator('tbody tr').count()).toBe(7);
  });
});

describe('API keys', () => {
  it('are shown once when they are made, and are then only an id', async () => {
    const page = await app.visit('/tenants/acme', { role: 'admin' });
    await button(page, 'New key').click();
    await page.getByText('Some tasks only').click();
    expect(await button(page, 'Make the key').isDisabled()).toBe(true);
    await page.getByLabel('summarize').check();
    await button(page, 'Make the key').click();
    const key = await page.getByLabel('The key', { exact: true }).textContent();
    expect(key).toMatch(/^hold_/);
    expect(await faultsOf(page)).toEqual([]);
    await button(page, 'Done').click();
    expect(await page.content()).not.toContain(key);
    await button(page, /^Revoke new/).waitFor();
  });

  it('are rotated with a grace for the old one; a bootstrap key has none', async () => {
    const page = await app.visit('/tenants/acme', { role: 'admin' });
    await button(page, 'Rotate q81mzk').click();
    await page.getByText('This is the bootstrap key.').waitFor();
    expect(await page.getByLabel('The old key ends').count()).toBe(0);
    await page.keyboard.press('Escape');
    expect(await focusedLabel(page)).toBe('Rotate q81mzk');
    await button(page, 'Rotate b7c1ty').click();
    await page.getByLabel('The old key ends').selectOption('in a day');
    await button(page, 'Make the new key').click();
    await page.getByText('The old key, b7c1ty, ends in a day.').waitFor();
  });

  it('are revoked after a question, which Cancel answers first', async () => {
    const page = await app.visit('/tenants/acme', { role: 'admin' });
    await button(page, 'Revoke 9fw20a').click();
    expect(await focusedLabel(page)).toBe('Cancel');
    await button(page, 'Revoke the key').click();
    await page.getByText('Key 9fw20a is revoked.').waitFor();
    expect(await button(page, 'Revoke 9fw20a').count()).toBe(0);
  });

  it('are only looked at by other roles, which are told why', async () => {
    const page = await app.visit('/tenants/acme', { role: 'operator' });
    await page.getByText('Keys can’t be made, rotated or revoked for the role operator.').waitFor();
    expect(await button(page, /^(New key|Revoke .*|Rotate .*|Change)$/).count()).toBe(0);
  });
});

describe('lanes', () => {
  it('are paused and resumed after a question, by operators', async () => {
    const page = await app.visit('/lanes', { role: 'operator' });
    await button(page, 'Pause openai').click();
    await page.getByText('The 22 that run go on.').waitFor();
    await button(page, 'Pause the lane').click();
    await section(page, 'openai').getByText('paused', { exact: true }).waitFor();
    await button(page, 'Resume openai').click();
    await button(page, 'Resume the lane').click();
    await section(page, 'openai').getByText('open', { exact: true }).waitFor();
    expect(await button(page, 'Change the limits of openai').count()).toBe(0);
  });

  it('get other limits from admins, and those of the config file back', async () => {
    const page = await app.visit('/lanes', { role: 'admin' });
    await button(page, 'Change the limits of openai').click();
    await page.getByLabel('Calls a minute').fill('0');
    await button(page, 'Save').click();
    await page.getByText('At least 1.').waitFor();
    await page.getByLabel('Calls a minute').fill('90');
    await button(page, 'Save').click();
    await section(page, 'openai').getByText('(config: 500)').waitFor();
    await button(page, 'Change the limits of openai').click();
    await button(page, 'Take those of the config file again').click();
    await section(page, 'openai').getByText('from the config file').waitFor();
  });
});

describe('users', () => {
  it('are made with a key that is shown once, get another role, and are deleted after a question', async () => {
    const page = await app.visit('/users', { role: 'admin' });
    await button(page, 'New user').click();
    await page.getByLabel('Name').fill('Grace');
    await page.getByLabel('Role', { exact: true }).selectOption('operator');
    await button(page, 'Make the user').click();
    await page.getByText('It can’t be shown again.').waitFor();
    await button(page, 'Done').click();
    await button(page, 'Change the role of grace').click();
    await page.getByLabel('Role', { exact: true }).selectOption('viewer');
    await button(page, 'Change the role').click();
    await page.getByText('grace has the role viewer now.').waitFor();
    await button(page, 'Delete grace').click();
    await button(page, 'Delete the user').click();
    await page.getByText('User grace is deleted.').waitFor();
    expect(await button(page, 'Delete grace').count()).toBe(0);
  });

  it('and the audit log are hidden from other roles, which are told why', async () => {
    const page = await app.visit('/users', { role: 'operator' });
    await page.getByText('Users are hidden for the role operator.').waitFor();
    await openPage(page, `${app.url}/audit`);
    await page.getByText('The audit log is hidden for the role operator.').waitFor();
  });
});

describe('the audit log', () => {
  it('has its filter and its page in the address, and goes back', async () => {
    const page = await app.visit('/audit', { role: 'admin' });
    await page.getByRole('link', { name: 'Older' }).click();
    await page.getByRole('link', { name: 'Newest' }).waitFor();
    expect(page.url()).toBe(`${app.url}/audit?cursor=50`);
    await page.getByLabel('What', { exact: true }).selectOption('lane.change');
    await page.waitForURL(`${app.url}/audit?action=lane.change`);
    await loaded(page);
    await page.getByText('Retried a job', { exact: true }).nth(1).waitFor({ state: 'detached' });
    await page.goBack();
    await page.getByRole('link', { name: 'Newest' }).waitFor();
    expect(await page.getByLabel('What', { exact: true }).inputValue()).toBe('');
  });
});

describe('failures', () => {
  it('say what to do, and lead to their jobs', async () => {
    const page = await app.visit('/failures?range=7d', { role: 'viewer' });
    await page.getByText('What to do').first().waitFor();
    await page.getByRole('link', { name: 'All failed jobs with this code in openai' }).click();
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
    const search = Object.fromEntries(new URL(page.url()).searchParams);
    expect(search).toEqual({ status: 'failed', error_code: 'provider_rate_limited', lane: 'openai', within: '7d' });
  });
});

describe('workers and settings', () => {
  it('name what is odd', async () => {
    const page = await app.visit('/workers', { role: 'viewer' });
    await page.getByText('worker-9d04 runs with another config file than this console.').waitFor();
    expect(await section(page, 'Open breakers').locator('tbody tr').count()).toBe(2);
    await openPage(page, `${app.url}/settings`);
    await page.getByText('At the pace of the last day it is full in 1').waitFor();
    await page.getByText('Those that are set').click();
    expect(await section(page, 'Environment').locator('tbody tr').count()).toBe(2);
  });
});
