/** The example `browser-page` in a real browser. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { until } from '../stack/stack.ts';
import { inRepository, RunningExample } from './example.ts';

let browser: Browser;
let example: RunningExample;

beforeAll(async () => {
  const place = await inRepository();
  [browser, example] = await Promise.all([launchChromium(), RunningExample.start('browser-page', place)]);
  await example.program.saying(/Open http/);
});
afterAll(() => Promise.all([browser?.close(), example?.stop()]));

async function openPage(): Promise<{ page: Page; sent: string[] }> {
  const page = await (await browser.newContext()).newPage();
  const sent: string[] = [];
  page.on('request', (request) =>
    sent.push(`${request.method()} ${request.url()} ${JSON.stringify(request.headers())}`),
  );
  await page.goto(example.url);
  return { page, sent };
}

const textOf = (page: Page) => page.locator('#text').textContent();

async function completed(page: Page): Promise<string> {
  await until('the job is completed', async () => (await page.locator('#status').textContent()) === 'job.completed');
  return (await textOf(page)) ?? '';
}

const jobOf = (page: Page) => page.locator('#status').getAttribute('data-job');

it('shows one answer, whole, though the page is refreshed in the middle of it', async () => {
  const { page, sent } = await openPage();
  await page.locator('#question').fill('Refreshed in the middle?');
  await page.locator('button').click();
  const before = await until('there is text', async () => (await textOf(page)) || null);
  const id = await jobOf(page);
  await page.reload();
  const text = await completed(page);
  const job = await (await example.holdfast()).get(id ?? '');
  expect(await jobOf(page)).toBe(id);
  expect(job).toMatchObject({ status: 'completed', provider_calls: 1, output_text: text });
  expect(text.startsWith(before)).toBe(true);
  expect(sent.filter((request) => request.includes('hold_'))).toEqual([]);
});

it('makes one job where the answer to its submit never came, and the page is refreshed', async () => {
  const { page } = await openPage();
  const holdfast = await example.holdfast();
  const count = async () => (await holdfast.list()).data.length;
  const before = await count();
  let isTaken = false;
  await page.route('**/v1/jobs', async (route) => {
    if (isTaken) return route.continue();
    // The server has it; the page will never know.
    await route.fetch();
    isTaken = true;
  });
  await page.locator('#question').fill('Did you get this?');
  await page.locator('button').click();
  await until('the server has it', () => isTaken);
  await page.reload();
  expect((await completed(page)).length).toBeGreaterThan(20);
  expect(await count()).toBe(before + 1);
});

it('lets through what the page needs, and nothing else', async () => {
  for (const [method, path] of [
    ['GET', '/v1/jobs'],
    ['GET', '/v1/usage'],
    ['DELETE', '/v1/jobs/job_1'],
    ['POST', '/v1/jobs/job_1/cancel'],
    ['GET', '/v1/jobs/job_1/../../usage'],
  ] as const) {
    expect([path, (await fetch(example.url + path, { method })).status]).toEqual([path, 403]);
  }
  expect((await fetch(`${example.url}/../server.ts`)).status).toBe(404);
  expect((await fetch(`${example.url}/v1/jobs/job_1`)).status).toBe(404);
});
