/** For tests: a PostgreSQL of one's own that can be killed and comes back on its port with its data, and ended jobs to write. */
import { readFileSync, rmSync } from 'node:fs';
import type { JobSummary } from '@holdfast/core';
import { Client, Pool } from 'pg';
import { findPostgres } from '../../../apps/local/src/postgres/find-postgres.ts';
import { awaitPostgres, launchPostgres, postgresUrl } from '../../../apps/local/src/postgres/start-postgres.ts';
import { freePort } from '../../../apps/local/src/process/ports.ts';
import { claimHome } from '../../../apps/local/src/process/program-home.ts';
import { makeQuickDirectory } from '../../core/testing/quick-directory.ts';
import { ArchiveDatabase, type EndedJob } from '../src/index.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export interface TestPostgres {
  readonly url: string;
  /** Asks it as an operator would. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** A connection of its own that keeps a lock until `release`, so that others wait at that point. */
  hold(statement: string): Promise<{ release(): Promise<void> }>;
  /** Ends it without a chance to write anything. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Stops or wakes it, with its connections open. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Starts it again. Resolves when it answers. */
  start(): Promise<void>;
  /** Ends it and deletes its data. */
  close(): Promise<void>;
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export async function startTestPostgres(): Promise<TestPostgres> {
  const dataDir = makeQuickDirectory('holdfast-postgres-');
  const found = await findPostgres(process.env);
  const home = await claimHome(dataDir, 'postgres');
  const port = await freePort('127.0.0.1');
  const launch = async () => {
    const launched = await launchPostgres({ found, home, port, env: process.env, onLine: () => undefined });
    await awaitPostgres(home, launched);
    return launched;
  };
  let running = await launch();
  const url = postgresUrl(home, port);
  const pool = new Pool({ connectionString: url, max: 3 });
  pool.on('error', () => undefined);
  return {
    url,
    async query(text, values = []) {
      return (await pool.query<Record<string, unknown>>(text, [...values])).rows;
    },
    async hold(statement) {
      const client = new Client({ connectionString: url });
      // It is lost where the test kills PostgreSQL.
      client.on('error', () => undefined);
      await client.connect();
      await client.query('BEGIN');
      await client.query(statement);
      return { release: () => client.end() };
    },
    async kill() {
      // As a power cut would: a process that outlived the others could still commit what it was waiting with.
      const all = [running.pid, ...childrenOf(running.pid)];
      for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of all) end(pid, signal);
      await running.exited;
    },
    signal: (signal) => void process.kill(running.pid, signal),
    async start() {
      running = await launch();
    },
    async close() {
      await pool.end();
      await running.stop(10_000);
      home.release();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** An archive in this PostgreSQL, under a prefix of its own. */
export function openArchive({ url }: Pick<TestPostgres, 'url'>, prefix: string): ArchiveDatabase {
  return new ArchiveDatabase({ url, prefix, logger: silent });
}

const minutes = (at: number) => new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString();

/** A completed job that was created, and ended, in the minute `at` of 2026. */
export function endedJob(
  id: string,
  at = 0,
  { job = {}, ...change }: Partial<Omit<EndedJob, 'job'>> & { job?: Partial<JobSummary> } = {},
): EndedJob {
  const self = `/v1/jobs/${id}`;
  const summary: JobSummary = {
    id,
    object: 'job',
    task: 'chat.completions',
    lane: 'default',
    status: 'completed',
    attempt: 1,
    priority: 0,
    created_at: minutes(at),
    due_at: null,
    deadline_at: null,
    started_at: minutes(at),
    finished_at: minutes(at),
    retry_at: null,
    cancel_requested_at: null,
    error: null,
    usage: { input_tokens: 3, output_tokens: 2, cost_usd: 0.000000005, estimated: false, cached: false },
    provider_calls: 1,
    ambiguous_calls: 0,
    cursor: 5,
    metadata: {},
    links: { self, events: `${self}/events`, cancel: `${self}/cancel` },
    ...job,
  };
  return {
    tenant: 'acme',
    job: summary,
    trace: null,
    costNano: 5,
    avoidedNano: 0,
    timeline: null,
    request: null,
    output: null,
    ...change,
  };
}
