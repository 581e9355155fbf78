import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { isAlive, makeDirectory, removeDirectories, until } from '../../testing/processes.ts';
import { type RunningProcess, runProcess } from './run-process.ts';
import { type BackOff, type Service, SupervisedProcess } from './supervise.ts';

afterEach(removeDirectories);

const quick: BackOff = { baseMs: 10, maxMs: 40, resetAfterMs: 60_000 };

/** A service that is ready once it writes a line. */
function serviceOf(script: string, starts: RunningProcess[] = []): Service & { starts: RunningProcess[] } {
  let ready = Promise.withResolvers<void>();
  return {
    name: 'some-service',
    starts,
    async start() {
      ready = Promise.withResolvers<void>();
      const { resolve } = ready;
      const running = await runProcess({
        command: process.execPath,
        args: ['-e', script],
        env: process.env,
        onLine: () => resolve(),
      });
      starts.push(running);
      return running;
    },
    ready: () => ready.promise,
  };
}

const RUNS = 'console.log("ready"); setInterval(() => {}, 1000)';

describe('SupervisedProcess', () => {
  it('is up once its service is ready, and stopped once the process has ended', async () => {
    const supervised = new SupervisedProcess(serviceOf(RUNS), () => {}, quick);
    expect(supervised.state).toBe('starting');
    await supervised.up;
    expect(supervised.state).toBe('up');
    const pid = supervised.pid ?? 0;
    await supervised.stop(5000);
    expect(supervised.state).toBe('stopped');
    expect(isAlive(pid)).toBe(false);
  });

  it('restarts a killed process, and says so', async () => {
    const said: string[] = [];
    const supervised = new SupervisedProcess(serviceOf(RUNS), (line) => said.push(line), quick);
    await supervised.up;
    const first = supervised.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await until('another is up', () => supervised.state === 'up' && supervised.pid !== first);
    expect(said).toEqual(['some-service ended (SIGKILL); starting it again in 10 ms.', 'some-service is up again.']);
    await supervised.stop(5000);
  });

  it('doubles its wait after each end, up to the maximum', async () => {
    const said: string[] = [];
    const script = 'console.log("ready"); setTimeout(() => process.exit(7), 1)';
    const supervised = new SupervisedProcess(serviceOf(script), (line) => said.push(line), quick);
    const waits = () =>
      said.filter((line) => line.includes('starting it again')).map((line) => /\d+ ms/.exec(line)?.[0]);
    await until('it has ended five times', () => waits().length >= 5);
    await supervised.stop(5000);
    expect(waits().slice(0, 5)).toEqual(['10 ms', '20 ms', '40 ms', '40 ms', '40 ms']);
  });

  it('resets the back-off after a long enough run', async () => {
    const said: string[] = [];
    const script = 'console.log("ready"); setTimeout(() => process.exit(7), 1)';
    const supervised = new SupervisedProcess(serviceOf(script), (line) => said.push(line), {
      ...quick,
      resetAfterMs: 1,
    });
    await until('it has ended three times', () => said.filter((line) => line.includes('ended')).length >= 3);
    await supervised.stop(5000);
    expect(said.filter((line) => line.includes('ended')).every((line) => line.includes('in 10 ms'))).toBe(true);
  });

  it('fails a service that never comes up', async () => {
    const service = serviceOf('process.exit(9)');
    const supervised = new SupervisedProcess(service, () => {}, quick);
    await expect(supervised.up).rejects.toThrow('some-service does not start (exit code 9).');
    expect(service.starts).toHaveLength(3);
    expect(supervised.state).toBe('failed');
    await supervised.stop(0);
  });

  it('fails a service with wrong settings at once, unless it was up before', async () => {
    const service = serviceOf('process.exit(78)');
    const supervised = new SupervisedProcess(service, () => {}, quick);
    await expect(supervised.up).rejects.toThrow('some-service does not start (exit code 78).');
    expect(service.starts).toHaveLength(1);

    const wasUp = serviceOf('console.log("ready"); setTimeout(() => process.exit(78), 50)');
    const again = new SupervisedProcess(wasUp, () => {}, quick);
    await until('it was started again', () => wasUp.starts.length >= 3);
    await again.stop(5000);
  });

  it('ends a process that does not get ready, before it starts another', async () => {
    const service = serviceOf('setInterval(() => {}, 1000)');
    const unready: Service = { ...service, ready: () => Promise.reject(new Error('no answer')) };
    const supervised = new SupervisedProcess(unready, () => {}, quick);
    await expect(supervised.up).rejects.toThrow('no answer');
    expect(service.starts.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it('starts nothing after it was stopped, neither between two runs nor during a start', async () => {
    const slow = { baseMs: 60_000, maxMs: 60_000, resetAfterMs: 60_000 };
    const between = new SupervisedProcess(serviceOf('process.exit(1)'), () => {}, slow);
    await until('it waits', () => between.state === 'waiting');
    await between.stop(5000);
    await expect(between.up).rejects.toThrow('stopped before');

    const service = serviceOf(RUNS);
    const during = new SupervisedProcess(service, () => {}, quick);
    await during.stop(5000);
    expect(service.starts.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it('kills after the grace time, and at once when it is stopped a second time', async () => {
    const stubborn = 'process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000)';
    const bounded = new SupervisedProcess(serviceOf(stubborn), () => {}, quick);
    await bounded.up;
    await bounded.stop(50);
    expect(bounded.state).toBe('stopped');

    const again = new SupervisedProcess(serviceOf(stubborn), () => {}, quick);
    await again.up;
    const first = again.stop(60_000);
    await again.stop(0);
    await first;
  });

  it('goes on when a start itself fails', async () => {
    const directory = makeDirectory();
    const program = join(directory, 'program');
    const service: Service = {
      name: 'late',
      start: () => runProcess({ command: program, args: [], env: process.env, onLine: () => {} }),
      ready: async () => {},
    };
    const supervised = new SupervisedProcess(
      service,
      () => writeFileSync(program, '#!/bin/sh\nexec sleep 100\n', { mode: 0o755 }),
      quick,
    );
    await supervised.up;
    await supervised.stop(5000);
  });
});
