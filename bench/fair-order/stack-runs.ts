/** What is measured on a whole stack of real processes: how long B waits behind A, and what jobs cost that wait for a limit. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Holdfast } from '@holdfast/client';
import { JournalProbe } from '../../tests/stack/journal-probe.ts';
import { chat, Stack, until } from '../../tests/stack/stack.ts';
import { makeTenant, submitAll } from '../../tests/stack/tenants.ts';
import { quantile } from '../statistics.ts';

const CONCURRENCY = 10;
const JOB = 'tokens=1&ttft_ms=50';
const SUBMIT_AT_ONCE = 100;

/** ms from acceptance to the start of the first attempt. */
export interface Wait {
  p50: number;
  p95: number;
  max: number;
}

/** The result of one repetition. */
export interface WaitOfB {
  alone: Wait;
  behind: Wait;
  /** How many jobs of A started while a job of B waited. */
  startsOfA: { p50: number; max: number };
}

/** CPU time of a worker, an API process and Redis together, as a share of one core. */
export interface HeldCpu {
  jobs: number;
  seconds: number;
  idle: number;
  held: number;
}

async function submitMany(client: Holdfast, name: string, count: number, sim: string): Promise<string[]> {
  const ids: string[] = [];
  for (let done = 0; done < count; done += SUBMIT_AT_ONCE) {
    const jobs = Array.from({ length: SUBMIT_AT_ONCE }, () => chat(name, sim));
    ids.push(...(await submitAll([client], jobs)));
  }
  return ids;
}

/** Times of a job, in ms by Redis' clock. */
interface Times {
  created: number;
  started: number;
}

async function timesOf(probe: JournalProbe, id: string): Promise<Times> {
  const [created, started] = await Promise.all([probe.field(id, 'created_at'), probe.field(id, 'started_at')]);
  return { created: Number(created), started: Number(started) };
}

/** Runs jobs one after the other, and returns their times. */
async function runJobs(client: Holdfast, probe: JournalProbe, count: number): Promise<Times[]> {
  const times: Times[] = [];
  for (let job = 0; job < count; job += 1) {
    const { job: submitted } = await client.submit(chat('b', JOB));
    await client.wait(submitted.id);
    times.push(await timesOf(probe, submitted.id));
  }
  return times;
}

function waitOf(times: readonly Times[]): Wait {
  const waits = times.map(({ created, started }) => started - created);
  return { p50: quantile(waits, 0.5), p95: quantile(waits, 0.95), max: Math.max(...waits) };
}

/** B submits a job, waits for its end, and submits the next: first alone, then behind a backlog of A. */
export async function measureWait(redisUrl: string, jobsOfA: number): Promise<WaitOfB> {
  const stack = await Stack.start({ redisUrl, workers: 0, env: { WORKER_CONCURRENCY: String(CONCURRENCY) } });
  const probe = await JournalProbe.open(stack);
  try {
    const [a, b] = [await makeTenant(stack, probe, 'a'), await makeTenant(stack, probe, 'b')];
    await stack.start('worker');
    await runJobs(b, probe, 10);
    const alone = waitOf(await runJobs(b, probe, 50));
    await Promise.all(stack.running('worker').map((worker) => worker.end()));
    const ids = await submitMany(a, 'a', jobsOfA, JOB);
    await stack.start('worker');
    await until('A runs', async () => (await stack.providerCalls('a')).completed > 50);
    const times = await runJobs(b, probe, 50);
    const starts = (await Promise.all(ids.map((id) => timesOf(probe, id)))).map(({ started }) => started);
    const between = times.map(({ created, started }) => starts.filter((at) => at > created && at < started).length);
    return { alone, behind: waitOf(times), startsOfA: { p50: quantile(between, 0.5), max: Math.max(...between) } };
  } finally {
    await probe.close();
    await stack.close();
  }
}

/** CPU time of a process so far, in seconds: user and system time of `/proc/<pid>/stat`, which counts hundredths. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** A tenant may run one job at once. One of its jobs never ends, and 10,000 wait. */
export async function measureHeld(redisUrl: string, redisPid: number, jobs: number, seconds: number): Promise<HeldCpu> {
  const stack = await Stack.start({ redisUrl });
  const probe = await JournalProbe.open(stack);
  const pids = [
    redisPid,
    ...stack.services.filter(({ name }) => name !== 'simulator').map(({ child }) => child.pid ?? 0),
  ];
  const share = async () => {
    const before = pids.map(cpuSeconds);
    await delay(seconds * 1_000);
    return pids.map((pid, at) => cpuSeconds(pid) - (before[at] ?? 0)).reduce((sum, used) => sum + used, 0) / seconds;
  };
  try {
    const client = await makeTenant(stack, probe, 'capped', { max_running: 1 });
    await delay(3_000);
    const idle = await share();
    await submitMany(client, 'held', jobs, 'tokens=10&stall_after=2');
    await until('one job runs', async () => (await stack.providerCalls('held')).calls === 1);
    await delay(3_000);
    const held = await share();
    if ((await stack.providerCalls('held')).calls !== 1)
      throw new Error('The tenant may run one job at once, and ran more.');
    return { jobs, seconds, idle, held };
  } finally {
    await probe.close();
    await stack.close();
  }
}
