/**
 * Takes the pictures in `docs/images` again. It starts its own Holdfast, and lets jobs run for some minutes before it looks:
 *
 *   node --conditions=holdfast-source tests/browser/take-screenshots.ts [MINUTES]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@holdfast/local/redis';
import type { Page } from 'playwright-core';
import { apiKey } from '../stack/stack.ts';
import { loaded, openPage } from './check-page.ts';
import { makeScene, type Scene } from './console-scene.ts';
import { button, ConsoleStack } from './console-stack.ts';
import { makeTraffic } from './console-traffic.ts';
import { DemoTab } from './demo-tab.ts';

const images = join(import.meta.dirname, '../../docs/images');
const minutes = Number(process.argv[2] ?? 10);

const save = (page: Page, name: string) => page.screenshot({ path: join(images, `${name}.png`) });

/** Takes the demo page in the middle of an answer, after one refresh. */
async function takeDemo({ browser, stack }: ConsoleStack): Promise<void> {
  const viewport = { width: 1200, height: 800 };
  const context = await browser.newContext({ viewport, colorScheme: 'light', locale: 'en-GB' });
  const tab = await DemoTab.open(context, stack.apiUrl, apiKey);
  await tab.submit('Why do sailors trust a good anchor?', 'slow');
  await tab.seeingEvents(60);
  await tab.page.reload();
  await tab.seeingEvents(130);
  await save(tab.page, 'demo');
  await context.close();
}

/** The pages that one looks at most, on desk and phone, light and dark. */
async function takeMain(app: ConsoleStack, { jobs }: Scene): Promise<void> {
  const paths = { overview: '/', jobs: '/jobs', job: `/jobs/${jobs.steps}` };
  for (const isPhone of [false, true]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await app.newPage('operator', { isPhone, colorScheme });
      for (const [name, path] of Object.entries(paths)) {
        await openPage(page, app.url + path);
        await save(page, `console-${name}-${isPhone ? 'phone' : 'desk'}-${colorScheme}`);
      }
    }
  }
}

async function takeOthers(app: ConsoleStack, { jobs }: Scene): Promise<void> {
  const page = await app.newPage('admin');
  for (const name of ['failures', 'lanes', 'workers', 'tenants', 'audit', 'users', 'settings']) {
    await openPage(page, `${app.url}/${name}`);
    await save(page, `console-${name}`);
  }
  await openPage(page, `${app.url}/tenants/north`);
  await save(page, 'console-tenant');
  await openPage(page, `${app.url}/jobs/${jobs.failed}`);
  await button(page, 'Show prompt and answer').click();
  await loaded(page);
  await save(page, 'console-failed-job');
}

const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-screenshots-'));
const redis = await startRedis({ dataDir, env: process.env, log: (line) => console.log(line) });
try {
  const app = await ConsoleStack.start(redis.url);
  try {
    await makeTraffic(app, minutes);
    const scene = await makeScene(app);
    await takeDemo(app);
    await takeMain(app, scene);
    await takeOthers(app, scene);
  } finally {
    await app.close();
  }
} finally {
  await redis.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
