/**
 * Takes the pictures in `docs/images` again. It starts its own Holdfast:
 *
 *   node --conditions=holdfast-source tests/browser/take-screenshots.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@holdfast/local/redis';
import type { Browser } from 'playwright-core';
import { adminKey, apiKey, chat, freePort, Stack } from '../stack/stack.ts';
import { launchChromium } from './chromium.ts';
import { DemoTab } from './demo-tab.ts';

const images = join(import.meta.dirname, '../../docs/images');
const viewport = { width: 1200, height: 800 };

/** Takes the demo page in the middle of an answer, after one refresh. */
async function takeDemo(browser: Browser, stack: Stack, colorScheme: 'light' | 'dark', name: string): Promise<void> {
  const context = await browser.newContext({ viewport, colorScheme, locale: 'en-GB' });
  const tab = await DemoTab.open(context, stack.apiUrl, apiKey);
  await tab.submit('Why do sailors trust a good anchor?', 'slow');
  await tab.seeingEvents(60);
  await tab.page.reload();
  await tab.seeingEvents(130);
  await tab.page.screenshot({ path: join(images, name) });
  await context.close();
}

async function doJobs(stack: Stack): Promise<void> {
  const simulated = [
    'tokens=20&itl_ms=2',
    'tokens=40&itl_ms=2',
    'tokens=30&itl_ms=2',
    'status=400',
    'tokens=25&itl_ms=2',
  ];
  const submit = (sim: string, name: string) => stack.client.submit(chat(name, sim));
  const ended = await Promise.all(simulated.map((sim, at) => submit(sim, `ended ${at}`)));
  await Promise.all(ended.map(({ job }) => stack.client.wait(job.id)));
  await Promise.all([1, 2, 3].map((at) => submit('tokens=2000&itl_ms=20', `running ${at}`)));
  await stack.client.submit({ ...chat('delayed', 'tokens=5'), delay_ms: 600_000 });
}

async function takeConsole(browser: Browser, stack: Stack): Promise<void> {
  const port = await freePort();
  await stack.start('console', { CONSOLE_PORT: String(port) });
  const page = await browser.newPage({ viewport, colorScheme: 'light', locale: 'en-GB' });
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.getByLabel('Key').fill(adminKey);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.screenshot({ path: join(images, 'console.png') });
  await page.goto(`http://127.0.0.1:${port}/queues/queue/default?status=completed`);
  await page.getByText('job_').first().waitFor();
  await page.screenshot({ path: join(images, 'bull-board.png') });
  await page.close();
}

const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-screenshots-'));
const redis = await startRedis({ dataDir, env: process.env, log: (line) => console.log(line) });
try {
  const stack = await Stack.start({ redisUrl: redis.url });
  const browser = await launchChromium();
  try {
    await takeDemo(browser, stack, 'light', 'demo.png');
    await takeDemo(browser, stack, 'dark', 'demo-dark.png');
    await doJobs(stack);
    await takeConsole(browser, stack);
  } finally {
    await browser.close();
    await stack.close();
  }
} finally {
  await redis.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
