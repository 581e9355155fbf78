/**
 * Looks at every page of the fixture server in Chromium: desk and phone, light and dark. Saves pictures, and prints what is wrong.
 *
 *   node --conditions=holdfast-source apps/console/web/testing/look.ts DIRECTORY [PATH …]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from '@holdfast/local/chromium';
import { type Browser, chromium, type Page } from 'playwright-core';
import { faultsOf, listenTo, loaded, openPage } from './check-page.ts';
import { pagePaths } from './fixture-paths.ts';
import { startFixtureServer } from './fixture-server.ts';

const [directory = 'looks', ...only] = process.argv.slice(2);
const views = [
  { name: 'desk-light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'desk-dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'phone-light', colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const;

/** What is only read when somebody asks for it. */
async function openAll(page: Page): Promise<void> {
  for (const name of ['Show prompt and answer', 'Attach to the events']) {
    const button = page.getByRole('button', { name });
    if ((await button.count()) > 0) await button.click();
  }
  await loaded(page);
}

async function lookAt(page: Page, address: string, picture: string): Promise<string[]> {
  await openPage(page, address);
  await openAll(page);
  await page.screenshot({ path: picture, fullPage: true });
  return faultsOf(page);
}

async function lookAll(browser: Browser, url: string): Promise<void> {
  for (const { name, colorScheme, viewport } of views) {
    const context = await browser.newContext({ colorScheme, viewport, locale: 'en-GB' });
    await context.addCookies([{ name: 'role', value: process.env.ROLE ?? 'admin', url }]);
    const page = await context.newPage();
    const complaints = listenTo(page);
    for (const path of only.length > 0 ? only : pagePaths) {
      const file = `${name}${path.replace(/[^\w]+/g, '-')}.png`;
      const faults = await lookAt(page, url + path, join(directory, file)).catch((error: unknown) => [String(error)]);
      for (const fault of [...faults, ...complaints()]) console.log(`${name} ${path}: ${fault}`);
    }
    await context.close();
  }
}

mkdirSync(directory, { recursive: true });
const { url, close } = await startFixtureServer();
const browser = await chromium.launch({
  executablePath: await findChromium(process.env, console.log),
  args: ['--no-sandbox'],
});
await lookAll(browser, url).finally(() => browser.close());
await close();
