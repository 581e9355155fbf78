/** The console's web app in a browser, with made-up data behind the contract of the admin API. */
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { openPage } from '../../apps/console/web/testing/check-page.ts';
import { startFixtureServer } from '../../apps/console/web/testing/fixture-server.ts';
import { launchChromium } from './chromium.ts';

export interface Visitor {
  /** Without one nobody is logged in. */
  role?: 'viewer' | 'operator' | 'admin';
  isPhone?: boolean;
  colorScheme?: 'light' | 'dark';
}

export interface WebApp {
  readonly url: string;
  newPage(visitor: Visitor): Promise<Page>;
  /** Resolves when the page has all that it shows at first. */
  visit(path: string, visitor: Visitor): Promise<Page>;
  /** With their cookies and what they have stored. */
  closePages(): Promise<void>;
  close(): Promise<void>;
}

export async function openWebApp(): Promise<WebApp> {
  const [browser, server] = await Promise.all([launchChromium(), startFixtureServer()]);
  const contexts: BrowserContext[] = [];
  const app: WebApp = {
    url: server.url,
    async newPage({ role, isPhone = false, colorScheme = 'light' }) {
      const viewport = isPhone ? { width: 390, height: 844 } : { width: 1440, height: 900 };
      const context = await browser.newContext({ viewport, colorScheme });
      contexts.push(context);
      if (role !== undefined) await context.addCookies([{ name: 'role', value: role, url: server.url }]);
      return context.newPage();
    },
    async visit(path, visitor) {
      const page = await app.newPage(visitor);
      await openPage(page, server.url + path);
      return page;
    },
    async closePages() {
      for (const context of contexts.splice(0)) await context.close();
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
  return app;
}

export const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name, exact: true });
