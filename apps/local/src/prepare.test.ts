import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { makeDirectory, removeDirectories, until, writeScript } from '../testing/processes.ts';

afterEach(removeDirectories);

/** A nearly empty clone, with an `npm` that installs a `tsc` and records each call. */
function makeClone() {
  const clone = makeDirectory();
  mkdirSync(join(clone, 'apps/local/src'), { recursive: true });
  for (const file of ['prepare.mjs', 'progress.mjs', 'run-program.mjs', 'lock.mjs']) {
    copyFileSync(join(import.meta.dirname, '..', file), join(clone, 'apps/local', file));
  }
  const lock = { packages: { '': {}, 'node_modules/typescript': { version: '1.0.0' } } };
  writeScript(join(clone, 'package-lock.json'), JSON.stringify(lock));
  for (const file of [
    'package.json',
    'tsconfig.json',
    'tsconfig.base.json',
    'apps/local/package.json',
    'apps/local/tsconfig.json',
    'apps/local/src/main.ts',
  ]) {
    writeScript(join(clone, file), '{}');
  }
  const tsc = `require('fs').appendFileSync('calls', 'tsc\\\\n'); require('fs').mkdirSync('apps/local/dist', { recursive: true });`;
  writeScript(
    join(clone, 'bin/npm'),
    `#!/bin/sh
echo npm >> calls
while [ -f hold ]; do sleep 0.05; done
if [ -f broken ]; then echo "npm error: no network" >&2; exit 1; fi
mkdir -p node_modules/typescript/bin
printf '%s' "${tsc}" > node_modules/typescript/bin/tsc
cp package-lock.json node_modules/.package-lock.json
`,
    0o755,
  );
  return clone;
}

function begin(clone: string, flags: string[] = []) {
  const child = spawn(process.execPath, [join(clone, 'apps/local/prepare.mjs'), ...flags], {
    cwd: clone,
    env: { ...process.env, PATH: `${join(clone, 'bin')}:${process.env.PATH}` },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk;
    });
  }
  const ended = new Promise<{ code: number | null; text: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, text }));
  });
  return { child, ended, text: () => text };
}

const prepare = (clone: string, ...flags: string[]) => begin(clone, flags).ended;
/** The output, with `N` for the time of each step. */
const withoutTimes = (text: string) => text.replace(/\d+\.\d s\b/g, 'N s');
const calls = (clone: string) =>
  existsSync(join(clone, 'calls')) ? readFileSync(join(clone, 'calls'), 'utf8').trim().split('\n') : [];

describe('prepare.mjs', () => {
  it('installs and builds a fresh clone, and does nothing the second time', async () => {
    const clone = makeClone();
    const first = await prepare(clone);
    expect(first.code).toBe(0);
    expect(withoutTimes(first.text)).toBe(
      '1/2 Installing packages (about a minute the first time) …\n    done in N s\n2/2 Building …\n    done in N s\n',
    );
    expect(calls(clone)).toEqual(['npm', 'tsc']);
    expect(await prepare(clone)).toEqual({ code: 0, text: '' });
    expect(calls(clone)).toEqual(['npm', 'tsc']);
  });

  it('with --start or --test counts the steps that follow too, and shows finished steps', async () => {
    const clone = makeClone();
    const first = await prepare(clone, '--start');
    expect(withoutTimes(first.text)).toMatch(/^1\/4 Installing packages .*\n +done in N s\n2\/4 Building …\n/);
    const done = '1/4 Packages are installed\n2/4 Everything is built\n';
    expect(await prepare(clone, '--start')).toEqual({ code: 0, text: done });
    const further = "console.log('further steps', process.argv.slice(2).join())";
    writeScript(join(clone, 'apps/local/dist/prepare-tests.js'), further);
    expect(await prepare(clone, '--test')).toEqual({ code: 0, text: `${done}further steps \n` });
    const forLong = done.replaceAll('/4', '/5');
    expect(await prepare(clone, '--test-long')).toEqual({ code: 0, text: `${forLong}further steps --long\n` });
    // Finished steps are shown without being run, so the numbers are complete.
    writeScript(join(clone, 'apps/local/src/new.ts'), 'export {}');
    expect(withoutTimes((await prepare(clone)).text)).toBe(
      '1/2 Packages are installed\n2/2 Building …\n    done in N s\n',
    );
  });

  it('builds again when a source is new or a built file is missing', async () => {
    const clone = makeClone();
    await prepare(clone);
    writeScript(join(clone, 'apps/local/src/new.ts'), 'export {}');
    await prepare(clone);
    rmSync(join(clone, 'apps/local/dist'), { recursive: true });
    await prepare(clone);
    expect(calls(clone)).toEqual(['npm', 'tsc', 'tsc', 'tsc']);
  });

  it('builds the web app of the console too, when a source of it is new or it is missing', async () => {
    const clone = makeClone();
    const page = 'apps/console/dist/web/index.html';
    writeScript(join(clone, 'apps/console/web/src/main.tsx'), '');
    writeScript(
      join(clone, 'apps/console/web/build.mjs'),
      `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
appendFileSync('calls', 'web\\n');
mkdirSync('apps/console/dist/web', { recursive: true });
writeFileSync('${page}', '');`,
    );
    await prepare(clone);
    await prepare(clone);
    expect(calls(clone).sort()).toEqual(['npm', 'tsc', 'web']);
    writeScript(join(clone, 'apps/console/web/src/new.tsx'), '');
    await prepare(clone);
    rmSync(join(clone, page));
    await prepare(clone);
    expect(calls(clone).filter((call) => call === 'web')).toHaveLength(3);
  });

  it('installs again when the lock file changes, and accepts an install by the user', async () => {
    const clone = makeClone();
    await prepare(clone);
    const lock = { packages: { 'node_modules/typescript': { version: '1.0.1' } } };
    writeScript(join(clone, 'package-lock.json'), JSON.stringify(lock));
    await prepare(clone);
    expect(calls(clone).filter((call) => call === 'npm')).toHaveLength(2);
    rmSync(join(clone, 'node_modules/.holdfast-installed'));
    await prepare(clone);
    expect(calls(clone).filter((call) => call === 'npm')).toHaveLength(2);
  });

  it('shows the error, exits with 1, and tries again the next time', async () => {
    const clone = makeClone();
    writeScript(join(clone, 'broken'), '');
    const { code, text } = await prepare(clone);
    expect(code).toBe(1);
    expect(text).toMatch(
      / failed after .* s\n\nnpm install failed \(exit code 1\):\n {2}npm error: no network\nCheck the network/,
    );
    rmSync(join(clone, 'broken'));
    expect((await prepare(clone)).code).toBe(0);
  });

  it('repeats an install that was interrupted', async () => {
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const clone = makeClone();
      writeScript(join(clone, 'hold'), '');
      const { child, ended } = begin(clone);
      await until('npm runs', () => calls(clone).length === 1);
      child.kill(signal);
      rmSync(join(clone, 'hold'));
      // Ctrl-C may come before the handler is set: then the signal itself ends the process.
      expect(signal === 'SIGINT' ? [130, null] : [null]).toContain((await ended).code);
      expect((await prepare(clone)).code).toBe(0);
      expect(calls(clone).filter((call) => call === 'npm')).toHaveLength(2);
    }
  });

  it('waits for another process that prepares the same clone, and does not repeat its work', async () => {
    const clone = makeClone();
    writeScript(join(clone, 'hold'), '');
    const first = begin(clone);
    await until('npm runs', () => calls(clone).length === 1);
    const second = begin(clone);
    await until('the second waits', () => second.text().includes(`(pid ${first.child.pid}) is preparing this clone`));
    rmSync(join(clone, 'hold'));
    expect([(await first.ended).code, (await second.ended).code]).toEqual([0, 0]);
    expect(calls(clone)).toEqual(['npm', 'tsc']);
  });
});
