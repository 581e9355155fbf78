/**
 * Finds the browser for the browser tests, or installs it where root runs the tests:
 * CHROMIUM_PATH → chromium, chromium-browser, google-chrome on the PATH (macOS: in /Applications) → apt-get, as root.
 */
import { findOnPath } from './find-on-path.ts';
import { runCommand } from './process/run-command.ts';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const INSTALL_TIMEOUT_MS = 300_000;

function search(path: string): string | null {
  for (const name of NAMES) {
    const found = findOnPath(name, path);
    if (found !== null) return found;
  }
  return null;
}

async function installWithApt(aptGet: string, env: NodeJS.ProcessEnv): Promise<void> {
  const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: INSTALL_TIMEOUT_MS };
  const install = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', 'chromium'];
  try {
    await runCommand(aptGet, install, options);
  } catch {
    // A bare image has no package lists, and old lists name files that no longer exist.
    await runCommand(aptGet, ['update'], options);
    await runCommand(aptGet, install, options);
  }
}

/**
 * Path of a Chromium or Chrome.
 * @throws Error that names the command for this platform
 */
export async function findChromium(env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<string> {
  const path = env.PATH ?? '';
  if (env.CHROMIUM_PATH) {
    const chosen = findOnPath(env.CHROMIUM_PATH, path);
    if (chosen === null)
      throw new Error(`CHROMIUM_PATH: ${env.CHROMIUM_PATH} is not a program. Set the path of a Chromium or Chrome.`);
    return chosen;
  }
  const found = search(path);
  if (found !== null) return found;
  const aptGet = findOnPath('apt-get', path);
  if (aptGet !== null && process.getuid?.() === 0) {
    log('Installing Chromium for the browser tests (apt-get install chromium) …');
    await installWithApt(aptGet, env);
    const installed = search(path);
    if (installed !== null) return installed;
  }
  const command = process.platform === 'darwin' ? 'brew install --cask chromium' : 'sudo apt-get install chromium';
  throw new Error(`The browser tests need Chromium: run \`${command}\`, or set CHROMIUM_PATH to a Chromium or Chrome.`);
}
