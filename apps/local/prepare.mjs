/**
 * Prepares a clone. `npm start` and `npm test` run it first, so that each works as the only command.
 *
 * 1. install: when node_modules lacks something that package-lock.json lists
 * 2. build: when a source is newer, or when something built is missing
 *
 *   --start       two more steps follow, in `src/main.ts`: Redis, and the services
 *   --test        two more steps follow, in `src/prepare-tests.ts`: Redis and PostgreSQL
 *   --test-long   likewise, and a third: Chromium
 *
 * With any of these, finished steps are printed too, so that the numbers are complete. Without, nothing is printed when both steps
 * are finished, because the output of a command follows.
 *
 * Plain JavaScript that runs on Node 20 with nothing installed. A finished step is not repeated: a second run takes a
 * tenth of a second. A step is marked as finished only after its end, so an interrupted step is repeated. When two
 * processes prepare the same clone, the second waits.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tryLock } from './lock.mjs';
import { Progress } from './progress.mjs';
import { runProgram, runs, StepFailed } from './run-program.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const modules = join(root, 'node_modules');
const nodeLink = join(modules, '.bin', 'node');
const marks = { installed: join(modules, '.holdfast-installed'), built: join(modules, '.holdfast-built') };

const LOCK_TIMEOUT_MS = 15 * 60_000;

const isForLongTests = process.argv.includes('--test-long');
const isForTests = isForLongTests || process.argv.includes('--test');
/** More steps follow in another program. */
const isPart = isForTests || process.argv.includes('--start');
const progress = new Progress({ total: isForLongTests ? 5 : isPart ? 4 : 2 });

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  const least = process.platform === 'linux' ? 20 : 22;
  if (major >= least) return;
  // On Linux the packages include a newer Node. Elsewhere only the machine's own can be used.
  throw new StepFailed(
    `Holdfast needs Node ${least} or later here; this is ${process.version}. See https://nodejs.org`,
  );
}

/** Whether node_modules has what the lock file lists, by the list that npm writes of its installed packages. */
function agreesWithLock(lockText) {
  const note = read(join(modules, '.package-lock.json'));
  if (note === null) return false;
  const wanted = JSON.parse(lockText).packages;
  const present = JSON.parse(note).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' ||
      entry.optional ||
      entry.link ||
      !path.startsWith('node_modules/') ||
      present[path]?.version === entry.version,
  );
}

function isInstalled() {
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const mark = read(marks.installed);
  if (mark === sha256(lockText)) return true;
  // No mark: the user may have run `npm install`. Another mark: an interrupted or older install.
  if (mark !== null || !agreesWithLock(lockText)) return false;
  writeFileSync(marks.installed, sha256(lockText));
  return true;
}

async function install() {
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
  mkdirSync(modules, { recursive: true });
  writeFileSync(marks.installed, 'begun');
  // Not `npm ci`: it fails with a registry that lacks the binaries of other platforms. The options overrule settings
  // that omit build tools, such as NODE_ENV=production. The lock file is never written.
  const args = ['install', '--no-save', '--include=dev', '--include=optional', '--loglevel=error'];
  try {
    await runProgram({
      name: 'npm install',
      command: 'npm',
      args,
      cwd: root,
      hint: 'Check the network, and that the npm registry is reachable. `npm install` in this directory shows more.',
    });
  } finally {
    // A half-written Node must go: it would run this file next time.
    if (existsSync(nodeLink) && !runs(nodeLink)) rmSync(nodeLink, { force: true });
  }
  if (process.platform === 'linux' && !existsSync(nodeLink) && Number(process.versions.node.split('.')[0]) < 22) {
    throw new StepFailed(`npm installed no Node for ${process.arch}: install Node 22 or later, then try again.`);
  }
  writeFileSync(marks.installed, sha256(lockText));
}

function filesUnder(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

function workspaces() {
  const folders = ['apps', 'packages'].filter((folder) => existsSync(join(root, folder)));
  return folders
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .filter((directory) => existsSync(join(directory, 'tsconfig.json')) && existsSync(join(directory, 'src')));
}

/** The console's web app: built by its own script, into the console's `dist`. */
const web = {
  directory: join(root, 'apps', 'console', 'web'),
  script: join(root, 'apps', 'console', 'web', 'build.mjs'),
  built: join(root, 'apps', 'console', 'dist', 'web', 'index.html'),
};
const hasWeb = () => existsSync(web.script);

/** A digest that changes when a source, a setting or the installed packages change. */
function sourcesPrint() {
  const files = workspaces().flatMap((directory) => [
    join(directory, 'package.json'),
    join(directory, 'tsconfig.json'),
    ...filesUnder(join(directory, 'src')),
  ]);
  if (hasWeb()) files.push(...filesUnder(web.directory));
  for (const name of ['tsconfig.json', 'tsconfig.base.json', 'package.json']) files.push(join(root, name));
  const lines = files.map((file) => {
    const { mtimeMs, size } = statSync(file);
    return `${file} ${mtimeMs} ${size}`;
  });
  return sha256([...lines.sort(), read(marks.installed)].join('\n'));
}

const unbuilt = () => workspaces().filter((directory) => !existsSync(join(directory, 'dist')));
const isWebBuilt = () => !hasWeb() || existsSync(web.built);
const isBuilt = () => read(marks.built) === sourcesPrint() && unbuilt().length === 0 && isWebBuilt();

function nodeForTools() {
  return existsSync(nodeLink) ? nodeLink : process.execPath;
}

/** Reads no output of the compiler, so both run at once. It builds only if one of its own sources is newer. */
async function buildWeb() {
  if (!hasWeb()) return;
  await runProgram({
    name: 'vite build',
    command: nodeForTools(),
    args: [web.script],
    cwd: root,
    hint: "The console's web app can't be built.",
  });
}

async function compile() {
  // tsc trusts its build info even where the built files were deleted.
  for (const directory of unbuilt()) rmSync(join(directory, 'tsconfig.tsbuildinfo'), { force: true });
  await runProgram({
    name: 'tsc',
    command: nodeForTools(),
    args: [join(modules, 'typescript', 'bin', 'tsc'), '-b'],
    cwd: root,
    hint: 'The sources do not compile.',
  });
}

async function build() {
  const print = sourcesPrint();
  // Both end before a failure is reported: nothing is left running.
  const ends = await Promise.allSettled([compile(), buildWeb()]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  writeFileSync(marks.built, print);
}

async function findTestTools() {
  await runProgram({
    name: 'prepare-tests',
    command: nodeForTools(),
    args: [join(root, 'apps', 'local', 'dist', 'prepare-tests.js'), ...(isForLongTests ? ['--long'] : [])],
    cwd: root,
    show: true,
  });
}

async function lockClone() {
  const path = join(modules, '.holdfast-prepare.lock');
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  for (let isAnnounced = false; Date.now() < deadline; isAnnounced = true) {
    const lock = tryLock(path);
    if (!('heldBy' in lock)) return lock;
    if (!isAnnounced) progress.say(`Another process (pid ${lock.heldBy}) is preparing this clone. Waiting for it …`);
    await delay(200);
  }
  throw new StepFailed(`Another process has been preparing this clone for too long. End it, or remove ${path}.`);
}

function skipInstall() {
  progress.skip('Packages are installed');
}

function skipBuild() {
  progress.skip('Everything is built');
}

async function prepareClone() {
  const note = existsSync(join(modules, '.package-lock.json')) ? '' : 'about a minute the first time';
  if (isInstalled()) skipInstall();
  else await progress.step('Installing packages', install, note);
  if (isBuilt()) skipBuild();
  else await progress.step('Building', build);
}

async function prepare() {
  checkNode();
  if (!isInstalled() || !isBuilt()) {
    const lock = await lockClone();
    try {
      // Checked again: the process that had the lock may have done it.
      await prepareClone();
    } finally {
      lock.release();
    }
  } else if (isPart) {
    skipInstall();
    skipBuild();
  }
  if (isForTests) await findTestTools();
}

try {
  await prepare();
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  process.stderr.write(`\n${error.message}\n`);
  process.exitCode = error.exitCode;
}
