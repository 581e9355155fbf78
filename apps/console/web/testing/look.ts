/**
 * Looks at every page of the fixture server in Chromium: desk and phone, light and dark. Saves pictures, and prints what axe
 * finds, what the browser's console says (broken policies too), and pages that scroll sideways.
 *
 *   node --conditions=holdfast-source apps/console/web/testing/look.ts DIRECTORY [PATH …]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from '@holdfast/local/chromium';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { jobs } from './fixture-jobs.ts';
import { startFixtureServer } from './fixture-server.ts';

const [directory = 'looks', ...only] = process.argv.slice(2);
const jobWith = (status: string) => jobs.find((job) => job.status === status)?.id ?? '';
const paths = [
  '/',
  '/jobs',
  `/jobs/${jobWith('completed')}`,
  `/jobs/${jobWith('failed')}`,
  `/jobs/${jobs[2]?.id}`,
  '/tenants',
  '/tenants/acme',
  '/lanes',
  '/failures',
  '/workers',
  '/audit',
  '/users',
  '/settings',
];
const views = [
  { name: 'desk-light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'desk-dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'phone-light', colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const;

interface Violation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary: string }[];
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as Violation[];
  return found.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes[0]?.html}\n    ${nodes[0]?.failureSummary}`);
}

async function lookAt(page: Page, url: string, path: string, picture: string): Promise<string[]> {
  await page.goto(url + path);
  await page.locator('main h1').waitFor();
  await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' });
  for (const name of ['Show prompt and answer', 'Attach to the events']) {
    const button = page.getByRole('button', { name });
    if ((await button.count()) > 0) await button.click();
  }
  await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' });
  await page.screenshot({ path: picture, fullPage: true });
  const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
  return [...(await violations(page)), ...(isWide ? ['scrolls sideways'] : [])];
}

async function lookAll(browser: Browser, url: string): Promise<void> {
  for (const { name, colorScheme, viewport } of views) {
    const context = await browser.newContext({ colorScheme, viewport, locale: 'en-GB', deviceScaleFactor: 1 });
    await context.addCookies([{ name: 'role', value: process.env.ROLE ?? 'admin', url }]);
    const page = await context.newPage();
    const said: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') said.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => said.push(`thrown: ${error.message}`));
    for (const path of only.length > 0 ? only : paths) {
      const file = `${name}${path.replace(/[^\w]+/g, '-').slice(0, 40)}.png`;
      const faults = await lookAt(page, url, path, join(directory, file)).catch((error: unknown) => [String(error)]);
      for (const fault of [...faults, ...said.splice(0)]) console.log(`${name} ${path}: ${fault}`);
    }
    await context.close();
  }
}

mkdirSync(directory, { recursive: true });
const { url, server } = await startFixtureServer();
const browser = await chromium.launch({
  executablePath: await findChromium(process.env, console.log),
  args: ['--no-sandbox'],
});
await lookAll(browser, url).finally(() => browser.close());
server.closeAllConnections();
server.close();
