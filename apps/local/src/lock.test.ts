import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { birthOf, isRunning, tryLock } from '../lock.mjs';
import { makeDirectory, removeDirectories, until } from '../testing/processes.ts';

afterEach(removeDirectories);

const module = join(import.meta.dirname, '../lock.mjs');

/** Tries to take the lock, prints the result, and runs until it is ended. */
function rival(path: string) {
  const script = `import { tryLock } from ${JSON.stringify(module)};
    console.log(Object.keys(tryLock(${JSON.stringify(path)}))[0]); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  return { child, said: () => said.trim() };
}

describe('tryLock', () => {
  it('refuses a lock that a running process has, and names that process', () => {
    const path = join(makeDirectory(), 'some/lock');
    const lock = tryLock(path);
    expect(tryLock(path)).toEqual({ heldBy: process.pid });
    if (!('heldBy' in lock)) lock.release();
    expect(tryLock(path)).not.toHaveProperty('heldBy');
  });

  it('takes over the lock of an ended process, also when another process has its pid now', () => {
    const path = join(makeDirectory(), 'lock');
    for (const holder of [JSON.stringify({ pid: process.pid, born: 'long ago' }), '{"pid":', '']) {
      writeFileSync(path, holder);
      expect(tryLock(path)).not.toHaveProperty('heldBy');
      expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ pid: process.pid, born: birthOf(process.pid) });
    }
  });

  it('gives a dead process’s lock to only one of those that find it', async () => {
    const path = join(makeDirectory(), 'lock');
    writeFileSync(path, JSON.stringify({ pid: 1, born: 'long ago' }));
    const rivals = Array.from({ length: 4 }, () => rival(path));
    try {
      await until('all have tried', () => rivals.every(({ said }) => said() !== ''));
      expect(rivals.map(({ said }) => said()).sort()).toEqual(['heldBy', 'heldBy', 'heldBy', 'release']);
    } finally {
      for (const { child } of rivals) child.kill('SIGKILL');
    }
  });
});

describe('birthOf', () => {
  it('is null for a process that has ended', async () => {
    const child = spawn('true');
    await until('it has ended', () => child.exitCode !== null);
    expect(birthOf(child.pid ?? 0)).toBeNull();
  });
});

describe('isRunning', () => {
  it('is false for a process that had ended before its birth was read, whether its pid is in use now or not', () => {
    const gone = 2 ** 22 + 1;
    for (const pid of [gone, process.pid]) expect(isRunning({ pid, born: birthOf(gone) })).toBe(false);
    expect(isRunning({ pid: process.pid, born: birthOf(process.pid) })).toBe(true);
  });
});
