/** The console as people run it: real processes with lanes and plans, a user of each role, and a real browser to log in with. */
import { AdminClient, type AdminRequest, type Role, roles } from '@holdfast/admin';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { adminKey, freePort, type Service, Stack } from '../stack/stack.ts';
import { openPage } from './check-page.ts';
import { launchChromium } from './chromium.ts';

export interface View {
  isPhone?: boolean;
  colorScheme?: 'light' | 'dark';
}

export const viewports = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;

const config = (base_url: string) => ({
  lanes: {
    openai: {
      models: ['gpt-*'],
      providers: [{ name: 'openai', base_url }],
      limits: { requests_per_minute: 500, tokens_per_minute: 200_000, max_running: 40 },
    },
    default: { models: ['*'], providers: [{ name: 'main', base_url }] },
  },
  plans: { pro: { requests_per_minute: 600, max_queued: 1_000, max_running: 20, budget_usd: { day: 5, month: 100 } } },
  prices: {
    sim: { input_usd_per_million: 1, output_usd_per_million: 2 },
    'gpt-5*': { input_usd_per_million: 1.25, output_usd_per_million: 10 },
  },
});

export class ConsoleStack {
  readonly url: string;
  readonly stack: Stack;
  readonly browser: Browser;
  /** With the admin key. */
  readonly admin: AdminClient;
  /** Of a user of each role, named as it. */
  readonly keys: Record<Role, string>;
  readonly #cookies = new Map<string, Promise<Awaited<ReturnType<BrowserContext['cookies']>>>>();
  readonly #contexts: BrowserContext[] = [];
  #service: Service;

  private constructor(url: string, stack: Stack, service: Service, browser: Browser, keys: Record<Role, string>) {
    this.url = url;
    this.stack = stack;
    this.#service = service;
    this.browser = browser;
    this.admin = adminClient(url);
    this.keys = keys;
  }

  /** @param redisUrl default: the test run's Redis */
  static async start(redisUrl?: string): Promise<ConsoleStack> {
    const stack = await Stack.start(redisUrl === undefined ? { config } : { config, redisUrl });
    const browser = await launchChromium();
    try {
      const port = String(await freePort());
      const service = await stack.start('console', { CONSOLE_PORT: port });
      const url = `http://127.0.0.1:${port}`;
      return new ConsoleStack(url, stack, service, browser, await makeUsers(adminClient(url)));
    } catch (error) {
      await browser.close();
      await stack.close();
      throw error;
    }
  }

  /** A browser profile of its own, where nobody is logged in. */
  async newContext({ isPhone = false, colorScheme = 'light' }: View = {}): Promise<BrowserContext> {
    const viewport = isPhone ? viewports.phone : viewports.desk;
    const context = await this.browser.newContext({ viewport, colorScheme, locale: 'en-GB', reducedMotion: 'reduce' });
    this.#contexts.push(context);
    return context;
  }

  /** A tab in a profile of its own. @param role whose user is logged in; null: nobody */
  async newPage(role: Role | null, view: View = {}): Promise<Page> {
    const context = await this.newContext(view);
    if (role !== null) await context.addCookies(await this.#cookiesOf(role));
    return context.newPage();
  }

  /** Resolves when the page has all that it shows at first. */
  async visit(path: string, role: Role, view: View = {}): Promise<Page> {
    const page = await this.newPage(role, view);
    await openPage(page, this.url + path);
    return page;
  }

  /** One login for each role: more than ten a minute are refused. */
  #cookiesOf(role: Role) {
    const known = this.#cookies.get(role) ?? this.#logIn(this.keys[role]);
    this.#cookies.set(role, known);
    return known;
  }

  async #logIn(key: string) {
    const context = await this.newContext();
    const answer = await context.request.post(`${this.url}/admin/v1/login`, { data: { key } });
    if (!answer.ok()) throw new Error(`login: ${answer.status()} ${await answer.text()}`);
    return context.cookies();
  }

  stopConsole(): Promise<void> {
    return this.#service.end();
  }

  /** Starts it again, at the same address. */
  async startConsole(): Promise<void> {
    this.#service = await this.stack.start('console', { CONSOLE_PORT: new URL(this.url).port });
  }

  /** With their cookies and what they have stored. */
  async closePages(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.stack.close();
  }
}

function adminClient(url: string, key = adminKey): AdminClient {
  return new AdminClient(async ({ method, path, body }: AdminRequest) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  });
}

async function makeUsers(admin: AdminClient): Promise<Record<Role, string>> {
  const made = await Promise.all(
    roles.map(async (role) => [role, (await admin.call('createUser', { body: { name: `the-${role}`, role } })).key]),
  );
  return Object.fromEntries(made) as Record<Role, string>;
}

export const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name, exact: true });

/** The part of a page that has this heading. */
export const section = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true }).first();

/** Types a key into the login page and sends it. */
export async function logIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('Key').fill(key);
  await button(page, 'Log in').click();
}
