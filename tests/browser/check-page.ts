/** What is wrong with a page as a browser shows it: what axe finds, what the browser complains about, and scrolling sideways. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Violation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary: string }[];
}

/** Collects complaints from now on: errors, warnings, and what the page's policy forbids. */
export function listenTo(page: Page): () => string[] {
  const said: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') said.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => said.push(`thrown: ${error.message}`));
  return () => said.splice(0);
}

/** Opens a page of the app. Resolves when it has all that it shows at first. */
export async function openPage(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.locator('main h1').waitFor();
  await loaded(page);
}

/** Resolves when nothing on the page is still being read. */
export async function loaded(page: Page): Promise<void> {
  // Not by a function in the page: the page's policy forbids to evaluate a text.
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
}

export async function faultsOf(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe.source);
  const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as Violation[];
  const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
  return [
    ...found.map(({ id, help, nodes: [node] }) => `${id}: ${help}: ${node?.html}: ${node?.failureSummary}`),
    ...(isWide ? ['it scrolls sideways'] : []),
  ];
}
