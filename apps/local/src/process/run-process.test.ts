import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { isAlive, makeDirectory, removeDirectories, until, writeScript } from '../../testing/processes.ts';
import { runProcess } from './run-process.ts';

afterEach(removeDirectories);

function run(script: string) {
  const lines: string[] = [];
  const started = runProcess({
    command: process.execPath,
    args: ['-e', script],
    env: process.env,
    onLine: (line) => lines.push(line),
  });
  return { lines, started };
}

describe('runProcess', () => {
  it('passes on each line of both streams before it reports the end, also a last line without a line break', async () => {
    const { lines, started } = run(
      'console.log("one"); console.error("two"); process.stdout.write("three"); process.exitCode = 3',
    );
    expect(await (await started).exited).toEqual({ code: 3, signal: null });
    expect(lines.sort()).toEqual(['one', 'three', 'two']);
  });

  it('rejects when there is no such program', async () => {
    const started = runProcess({ command: '/no/such/program', args: [], env: {}, onLine: () => {} });
    await expect(started).rejects.toThrow('ENOENT');
  });

  it('sends SIGTERM to the process, and waits for its end', async () => {
    const { lines, started } = run(
      'process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); console.log("hi"); setInterval(() => {}, 1000)',
    );
    const running = await started;
    await until('it runs', () => lines.includes('hi'));
    expect(await running.stop(10_000)).toEqual({ code: 0, signal: null });
    expect(lines).toEqual(['hi', 'bye']);
  });

  it('kills a process that does not end in time, and the processes that it has started', async () => {
    const { lines, started } = run(`process.on("SIGTERM", () => {});
      const grandchild = require("node:child_process").spawn("sleep", ["100"]);
      console.log(grandchild.pid); setInterval(() => {}, 1000)`);
    const running = await started;
    const grandchild = Number(await until('it runs', () => lines[0]));
    expect(isAlive(grandchild)).toBe(true);
    expect(await running.stop(50)).toEqual({ code: null, signal: 'SIGKILL' });
    await until('the grandchild is gone', () => !isAlive(grandchild));
  });

  it('affects no other process when it is stopped after its end', async () => {
    const { started } = run('');
    const running = await started;
    await running.exited;
    expect(await running.stop(0)).toEqual({ code: 0, signal: null });
  });
});

describe('the leash', () => {
  const source = (name: string) => JSON.stringify(join(import.meta.dirname, name));

  /** A process that runs a child, and prints the child's pid. */
  async function starter(directory: string, script: string) {
    const file = writeScript(
      join(directory, 'starter.mjs'),
      `import { runProcess } from ${source('run-process.ts')};
       const running = await runProcess({ command: process.execPath, args: ['-e', ${JSON.stringify(script)}],
         env: process.env, onLine: (line) => console.log(running.pid) });`,
    );
    const child = spawn(process.execPath, ['--conditions=holdfast-source', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    return { child, pid: Number(await until('the process runs', () => said.trim())) };
  }

  it('ends the child when its parent is killed', async () => {
    const { child, pid } = await starter(makeDirectory(), 'console.log("up"); setInterval(() => {}, 1000)');
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await until('it has ended', () => !isAlive(pid));
  });

  it('kills a child that ignores SIGTERM', async () => {
    const script = 'process.on("SIGTERM", () => {}); console.log(process.pid); setInterval(() => {}, 1000)';
    const stubborn = spawn(process.execPath, ['-e', script], { detached: true });
    const file = writeScript(
      join(makeDirectory(), 'holder.mjs'),
      `import { tie } from ${source('leash.ts')}; tie(${stubborn.pid}, { graceMs: 200 }); console.log('tied');`,
    );
    await until('it runs', () => stubborn.stdout.readableLength > 0);
    const holder = spawn(process.execPath, ['--conditions=holdfast-source', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await until('it is tied', () => holder.stdout.readableLength > 0);
    holder.kill('SIGKILL');
    await until('it has been killed', () => stubborn.signalCode === 'SIGKILL');
  });
});
