/** The test bed of one row: its Redis servers and processes. `close` ends all of them, and deletes what they wrote. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchProcess, type ProcessOptions } from './processes.ts';
import { type BenchRedis, openBenchRedis } from './redis.ts';

export class Bed {
  readonly dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  readonly #processes = new Set<BenchProcess>();
  readonly #servers: BenchRedis[] = [];
  #files = 0;

  /** Returns a path that no other file of this bed has. */
  file(name: string): string {
    return join(this.dir, `${this.#files++}-${name}`);
  }

  async redis(): Promise<BenchRedis> {
    const server = await openBenchRedis(this.file('redis'), (line) => console.log(line));
    this.#servers.push(server);
    return server;
  }

  async start(options: Omit<ProcessOptions, 'logFile'>): Promise<BenchProcess> {
    const started = await BenchProcess.start({ ...options, logFile: this.file('log') });
    this.#processes.add(started);
    return started;
  }

  async end(running: BenchProcess): Promise<void> {
    this.#processes.delete(running);
    await running.end();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#processes].map((running) => running.end()));
    await Promise.all(this.#servers.map((server) => server.stop()));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

let open: Bed | null = null;

export async function withBed<Result>(work: (bed: Bed) => Promise<Result>): Promise<Result> {
  const bed = new Bed();
  open = bed;
  try {
    return await work(bed);
  } finally {
    open = null;
    await bed.close();
  }
}

/** Ends everything after an interruption. */
export async function closeOpenBed(): Promise<void> {
  await open?.close();
}
