/** The browser that the browser tests and the screenshots share, and what they need to have been built. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from '@holdfast/local/chromium';
import { type Browser, chromium } from 'playwright-core';

const root = join(import.meta.dirname, '../..');
const built = ['apps/api/demo/public/js/demo.js', 'packages/client/dist/index.js'];

/** A headless Chromium with an empty profile of its own. @throws Error that says how to get one, or that a build is missing */
export async function launchChromium(): Promise<Browser> {
  const missing = built.filter((path) => !existsSync(join(root, path)));
  if (missing.length > 0) throw new Error(`${missing.join(' and ')} missing: run \`npm run build\``);
  return chromium.launch({
    executablePath: await findChromium(process.env, (line) => console.log(line)),
    args: ['--headless', '--no-sandbox', '--disable-quic', '--disable-background-networking', '--no-first-run'],
  });
}
