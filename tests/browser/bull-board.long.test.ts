/** Bull Board in a real browser: what an admin sees when an action is refused, and when it is done. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { adminKey, chat, freePort, Stack } from '../stack/stack.ts';
import { launchChromium } from './chromium.ts';

// Under load; alone, each takes a second.

let stack: Stack;
let browser: Browser;
let url: string;
let page: Page;
let jobId: string;
beforeAll(async () => {
  [browser, stack] = await Promise.all([launchChromium(), Stack.start()]);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  await stack.start('console', { CONSOLE_PORT: String(port) });
  const { job } = await stack.client.submit(chat('failed', 'status=400'));
  jobId = job.id;
  await stack.client.wait(jobId);
  page = await browser.newPage();
  await page.goto(url);
  await page.getByLabel('Key').fill(adminKey);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
});
afterAll(() => Promise.all([browser?.close(), stack?.close()]));

/** Opens the page of the lane's failed jobs, without earlier notices. */
async function openFailed(): Promise<void> {
  await page.goto(`${url}/queues/queue/default?status=failed`);
  await page.getByText(`${jobId}.1`).waitFor();
}

/** Titles and texts of the notices in the page's corner, once one shows the result of an action. */
async function notices(): Promise<string[]> {
  const shown = page
    .getByRole('region', { name: 'Notifications' })
    .getByRole('dialog')
    .filter({ hasText: 'Nothing was' });
  await shown.first().waitFor();
  return shown.locator('h2, p').allTextContents();
}

/** Chooses an item of the queue's menu. */
async function choose(item: string): Promise<void> {
  await page.locator('section button[aria-haspopup=menu]').click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

async function confirm(): Promise<void> {
  await page.getByRole('button', { name: 'Confirm' }).click();
}

describe('Bull Board', () => {
  it('says why "Retry all" is refused and what to do instead, and does not say that it was done', async () => {
    await openFailed();
    await page.getByRole('button', { name: 'Retry all' }).click();
    await confirm();
    expect(await notices()).toEqual([
      'Forbidden',
      "Nothing was run: only the queue's entry would move. To run a failed or cancelled job again: " +
        '`holdfast retry JOB`, or POST /v1/jobs/JOB/retry.',
    ]);
    expect(await page.getByText('were sent back to the queue').count()).toBe(0);
    expect(await page.getByText(`${jobId}.1`).isVisible()).toBe(true);
  });

  it('refuses the retry of one job with a text that names the job', async () => {
    await openFailed();
    await page.locator('button:has(svg.lucide-refresh-cw)').last().click();
    await confirm();
    expect(await notices()).toEqual(['Forbidden', expect.stringContaining(`\`holdfast retry ${jobId}\``)]);
  });

  it('refuses to limit a lane in BullMQ alone, and says how to limit it', async () => {
    await openFailed();
    await choose('Set concurrency');
    await page.getByLabel('Concurrency', { exact: true }).fill('1');
    await page.getByRole('button', { name: 'Save' }).click();
    expect(await notices()).toEqual([
      'Forbidden',
      expect.stringMatching(/^Nothing was set: .*`holdfast lanes limit default --max-running N`/),
    ]);
  });

  it('pauses and resumes a lane, and the overview shows its state', async () => {
    for (const [action, state] of [
      ['Pause', /default\s*paused/],
      ['Resume', /default(?!\s*paused)/],
    ] as const) {
      await openFailed();
      const isDone = page.waitForResponse((response) => response.url().endsWith(`/${action.toLowerCase()}`));
      await choose(action);
      await confirm();
      expect((await isDone).status()).toBe(200);
      await page.goto(url);
      // A tenant has the same name.
      await page.getByRole('table', { name: 'Lanes now' }).getByRole('row', { name: state }).waitFor();
    }
  });
});
