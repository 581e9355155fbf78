/** The browser of the browser tests and of the screenshots. Checks that the files that they need are built. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from '@holdfast/local/chromium';
import { type Browser, chromium } from 'playwright-core';

const root = join(import.meta.dirname, '../..');
const built = ['apps/api/demo/public/js/demo.js', 'packages/client/dist/index.js', 'apps/console/dist/web/index.html'];

/** Starts a headless Chromium with an empty profile. @throws Error that says how to install one, or to build first */
export async function launchChromium(): Promise<Browser> {
  const missing = built.filter((path) => !existsSync(join(root, path)));
  if (missing.length > 0) throw new Error(`${missing.join(' and ')}: missing. Run \`npm run build\`.`);
  return chromium.launch({
    executablePath: await findChromium(process.env, (line) => console.log(line)),
    args: ['--headless', '--no-sandbox', '--disable-quic', '--disable-background-networking', '--no-first-run'],
  });
}
