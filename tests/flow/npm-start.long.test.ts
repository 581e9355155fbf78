/** What `npm start` runs, from its sources: the whole house on one machine, stopped, started again, hurt. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from '@holdfast/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { apiKey, chat, freePort, processEnv, until } from '../stack/stack.ts';

// cspell:ignore edis

const root = join(import.meta.dirname, '../..');

let home: string;
let ports: { api: number; console: number; simulator: number; metrics: number };
let house: ChildProcess | null = null;
let output = '';

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'holdfast-start-'));
  ports = {
    api: await freePort(),
    console: await freePort(),
    simulator: await freePort(),
    metrics: await freePorts(3),
  };
});
afterEach(async () => {
  if (house) await stopHouse('SIGTERM');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The first of so many in a row. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    const next = Array.from({ length: count }, (_, at) => isFree(first + at));
    if ((await Promise.all(next)).every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

async function startHouse(): Promise<Holdfast> {
  output = '';
  house = spawn(process.execPath, ['--conditions=holdfast-source', join(root, 'apps/local/src/main.ts')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...processEnv,
      PORT: String(ports.api),
      CONSOLE_PORT: String(ports.console),
      SIMULATOR_PORT: String(ports.simulator),
      HOLDFAST_DATA_DIR: join(home, 'data'),
      DRAIN_SECONDS: '1',
      HOLDFAST_BOOTSTRAP_KEY: apiKey,
      METRICS_PORT: String(ports.metrics),
    },
  });
  for (const stream of [house.stdout, house.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const url = `http://127.0.0.1:${ports.api}`;
  await until('the house is ready', async () => (await fetch(`${url}/readyz`)).ok && output.includes('curl'));
  return new Holdfast({ baseUrl: url, apiKey, retry: { baseDelayMs: 50, maxDelayMs: 500, maxRetries: 40 } });
}

async function stopHouse(signal: NodeJS.Signals): Promise<number | null> {
  const stopped = house;
  house = null;
  stopped?.kill(signal);
  await until('the house ends', () => stopped?.exitCode !== null || stopped?.signalCode !== null);
  await until('nothing is left running', () => leftovers().length === 0);
  return stopped?.exitCode ?? null;
}

/** Processes that have to do with our data directory, by pid: named in their environment, or they work in it (Redis does). */
function leftovers(): number[] {
  const isOurs = (pid: string) => {
    try {
      return (
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(home) || readlinkSync(`/proc/${pid}/cwd`).startsWith(home)
      );
    } catch {
      return false;
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.filter(isOurs).map(Number);
}

function pidOf(part: string): number {
  const found = leftovers().find((pid) => {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command.includes(part) && !command.includes('leash');
  });
  if (found === undefined) throw new Error(`no process of ${part} among ${leftovers()}`);
  return found;
}

describe('npm start', () => {
  it('goes on with queued and running jobs after it was stopped and started again', async () => {
    const first = await startHouse();
    const running = await first.submit(chat('stopped', 'tokens=60&itl_ms=5&pause_after=30'));
    for await (const event of first.attach(running.job.id)) if (event.type === 'text.delta') break;
    const queued = await first.submit({ ...chat('delayed', 'tokens=2'), delay_ms: 3_000 });
    expect(await stopHouse('SIGINT')).toBe(0);

    const second = await startHouse();
    await fetch(`http://127.0.0.1:${ports.simulator}/sim/pauses?case=stopped`, { method: 'DELETE' });
    expect(await second.wait(running.job.id)).toMatchObject({ status: 'completed', attempt: 2 });
    expect(await second.wait(queued.job.id)).toMatchObject({ status: 'completed', attempt: 1 });
  });

  it('starts again what dies, says so, and loses nothing', async () => {
    const client = await startHouse();
    for (const part of ['apps/worker', 'apps/api', 'redis-server', 'packages/simulator']) {
      const { job } = await client.submit(chat(`after ${part}`, 'tokens=60&itl_ms=20'));
      const before = pidOf(part);
      process.kill(before, 'SIGKILL');
      await until(`${part} runs again`, () => pidOf(part) !== before);
      expect(await client.wait(job.id)).toMatchObject({ status: 'completed' });
    }
    expect(output).toMatch(/worker/);
    expect(output).toMatch(/[Rr]edis/);
  });

  it('shows what a task says, with the id of its job, and not what the worker says of each', async () => {
    const client = await startHouse();
    const text = `${'Text of a part. '.repeat(700)}\n\n${'Of another. '.repeat(900)}`;
    const { job } = await client.submit({ task: 'summarize', input: { text }, metadata: { sim: 'tokens=5&itl_ms=0' } });
    expect(await client.wait(job.id)).toMatchObject({ status: 'completed' });
    await until('it is shown', () => output.includes(`INFO split task=summarize parts=2 jobId=${job.id} attempt=1`));
    expect(output).not.toContain('attempt over');
  });

  it('gives the API, the console and each worker a port for their metrics, one after the other', async () => {
    await startHouse();
    const ofEach = await Promise.all(
      [0, 1, 2].map(async (at) => (await fetch(`http://127.0.0.1:${ports.metrics + at}/metrics`)).text()),
    );
    expect(ofEach.map((text) => /^# TYPE holdfast_submits_total /m.test(text))).toEqual([true, false, false]);
    expect(ofEach.map((text) => /^# TYPE holdfast_lane_waiting_jobs /m.test(text))).toEqual([true, true, false]);
    expect(ofEach.map((text) => /^# TYPE holdfast_attempts_total /m.test(text))).toEqual([false, false, true]);
  });

  it('leaves nothing behind when it is killed itself', async () => {
    await startHouse();
    await stopHouse('SIGKILL');
    expect(leftovers()).toEqual([]);
  });
});
