/** Logging in to the console and out of it, in a real browser: with a key and by single sign-on, and what an ended session does. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startConsole, type TestConsole } from '../../apps/console/testing/console.ts';
import { startProvider, type TestProvider } from '../../apps/console/testing/oidc-provider.ts';
import { freePort } from '../stack/stack.ts';
import { faultsOf, listenTo, loaded } from './check-page.ts';
import { launchChromium } from './chromium.ts';
import { button, logIn } from './console-stack.ts';

// cspell:ignore Flanes

let provider: TestProvider;
let running: TestConsole;
let browser: Browser;
let context: BrowserContext | undefined;
beforeAll(async () => {
  const port = await freePort();
  provider = await startProvider();
  [browser, running] = await Promise.all([
    launchChromium(),
    startConsole({
      CONSOLE_PORT: String(port),
      CONSOLE_URL: `http://127.0.0.1:${port}`,
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: provider.clientId,
      OIDC_CLIENT_SECRET: provider.clientSecret,
      OIDC_BUTTON: 'Continue with Example',
    }),
  ]);
});
afterEach(() => context?.close());
afterAll(async () => {
  await Promise.all([browser?.close(), running?.cleanUp()]);
  await provider?.stop();
});

/** A tab of somebody who isn't logged in. */
async function open(path: string): Promise<Page> {
  await running.resetThrottle();
  context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(running.url + path);
  return page;
}

/** Ends all sessions, as time does. */
async function expireSessions(): Promise<void> {
  await running.redis.del(...(await running.redis.keys(`${running.prefix}:console:session:*`)));
}

describe('logging in', () => {
  it('leads to the page that was asked for, with its filter', async () => {
    const page = await open('/jobs?status=failed');
    await page.waitForURL('**/login?*');
    expect(await faultsOf(page)).toEqual([]);
    await logIn(page, 'hold_wrong_0123456789abcdefghijk');
    await page.getByText('This key is not valid.').waitFor();
    await logIn(page, running.adminKey);
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
    await loaded(page);
    expect(new URL(page.url()).search).toBe('?status=failed');
    expect(await page.getByLabel('Status').inputValue()).toBe('failed');
    await page.getByText('No job matches.').waitFor();
  });

  it('never leads to another site', async () => {
    const page = await open('/login?next=//evil.example/');
    await logIn(page, running.adminKey);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(new URL(page.url()).origin).toBe(running.url);
  });

  it('by single sign-on gives the role that the provider says', async () => {
    provider.claims = { sub: 'u1', email: 'ann@example.com', email_verified: true, holdfast_role: 'operator' };
    const page = await open('/login');
    const complaints = listenTo(page);
    await page.getByRole('link', { name: 'Continue with Example' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(await page.locator('.user-menu-who').textContent()).toBe('ann@example.comoperator');
    expect(complaints()).toEqual([]);
  });

  it('by single sign-on is refused with the reason to whoever has no role', async () => {
    provider.claims = { sub: 'u2', email: 'bob@example.com', email_verified: true };
    const page = await open('/login');
    await page.getByRole('link', { name: 'Continue with Example' }).click();
    await page.getByText('holdfast_role').first().waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });
});

describe('a session', () => {
  it('that ends while a page is open leads to the login, and back to the page', async () => {
    const page = await open('/lanes');
    await logIn(page, running.adminKey);
    await page.getByRole('heading', { name: 'default' }).waitFor();
    await expireSessions();
    await page.waitForURL('**/login?next=%2Flanes');
    expect(await page.content()).not.toContain('mini-*');
    await running.resetThrottle();
    await logIn(page, running.adminKey);
    await page.getByRole('heading', { name: 'default' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/lanes');
  });

  it('that ends before an act leads to the login, and nothing is done', async () => {
    const page = await open('/lanes');
    await logIn(page, running.adminKey);
    await button(page, 'Pause default').click();
    await expireSessions();
    await button(page, 'Pause the lane').click();
    await page.waitForURL('**/login?*');
    const { data } = await running.as({ key: running.adminKey }).call('lanes', {});
    expect(data.map(({ name, paused }) => [name, paused])).toContainEqual(['default', false]);
  });

  it('ends with a logout: what was read is gone, also by "back"', async () => {
    const page = await open('/lanes');
    await logIn(page, running.adminKey);
    await page.getByRole('heading', { name: 'default' }).waitFor();
    const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    await button(page, 'Log out').click();
    await page.getByRole('heading', { name: 'Log in to the console' }).waitFor();
    expect((await running.get('/admin/v1/session', { cookie: cookies })).status).toBe(401);
    await page.goBack();
    await page.getByRole('heading', { name: 'Log in to the console' }).waitFor();
    expect(await page.getByRole('heading', { name: 'default' }).count()).toBe(0);
  });
});
