/** What real processes count of real jobs: exact numbers in their metrics, and the same in the history that they share. */
import type { Job } from '@holdfast/client';
import { type History, readHistory, readTenantHistory } from '@holdfast/history';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack, until } from '../stack/stack.ts';

const PRICE = { input_usd_per_million: 1_000, output_usd_per_million: 2_000 };

let stack: Stack;
let probe: JournalProbe;
/** By what became of them. */
let jobs: Record<string, Job>;

beforeAll(async () => {
  stack = await Stack.start({
    config: (base_url) => ({
      lanes: { default: { models: ['sim*'], providers: [{ name: 'main', base_url }], background: true } },
      prices: { 'sim*': PRICE, sim: PRICE },
    }),
  });
  probe = await JournalProbe.open(stack);
  jobs = await play();
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
});

/** Everything that is counted, once. The worker that is left has done all of it but the first attempt of `resumed`. */
async function play(): Promise<Record<string, Job>> {
  const { client } = stack;
  const run = async (job: Parameters<typeof client.submit>[0], key?: string) => {
    const { job: submitted } = await client.submit(job, key === undefined ? {} : { idempotencyKey: key });
    return client.wait(submitted.id);
  };
  const resumed = await interrupt();
  const completed = await run(chat('completed', 'tokens=3'), 'the-key');
  await client.submit(chat('completed', 'tokens=3'), { idempotencyKey: 'the-key' });
  const unnamed = chat('unnamed', 'tokens=2');
  await run({ ...unnamed, input: { ...unnamed.input, model: 'sim-of-a-client' } });
  const shared = { ...chat('shared', 'tokens=2'), cache: { ttl_s: 600 } };
  const leader = await run(shared);
  const copied = await run(shared);
  const retried = await run(chat('retried', 'tokens=2&fail=503&retry_after=0'));
  const failed = await run(chat('failed', 'status=400'));
  const { job: delayed } = await client.submit({ ...chat('cancelled', 'tokens=2'), delay_ms: 3_600_000 });
  const cancelled = await client.cancel(delayed.id);
  const late = await missDeadline();
  return { resumed, completed, leader, copied, retried, failed, cancelled, late };
}

/** A response that is running when its worker is killed, and that the next one resumes. */
async function interrupt(): Promise<Job> {
  const input = { model: 'sim', input: 'Say it.', metadata: { case: 'resumed', sim: 'tokens=40&pause_after=20' } };
  const { job } = await stack.client.submit({ task: 'responses', input });
  await probe.streaming(job.id);
  await stack.first('worker').end('SIGKILL');
  await stack.goOn('resumed');
  await stack.start('worker');
  return stack.client.wait(job.id);
}

/** A job whose deadline passes while it is delayed: no worker runs it. */
async function missDeadline(): Promise<Job> {
  const { job } = await stack.client.submit({ ...chat('late', 'tokens=2'), delay_ms: 60_000, deadline_ms: 90_000 });
  await probe.redis.zadd(probe.cell.keys.sched('deadlines', 'default'), 1, job.id);
  return stack.client.wait(job.id);
}

/** Series by name and labels, as `name{lane="default"}`; labels in the order of the text. */
function parse(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line): [string, number] => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

const worker = async () => parse(await stack.first('worker').metrics());
const api = async () => parse(await stack.metrics());

/** Those of a metric that aren't 0. */
function seriesOf(metrics: Map<string, number>, name: string): Record<string, number> {
  const own = [...metrics].filter(([series, value]) => series.startsWith(`${name}{`) && value !== 0);
  return Object.fromEntries(own.map(([series, value]) => [series.slice(name.length), value]));
}

const spent = () =>
  Object.values(jobs).reduce((sum, { usage }) => sum + (usage && !usage.cached ? (usage.cost_usd ?? 0) : 0), 0);

describe('the metrics of a worker', () => {
  it('count each end of a job and of an attempt, by outcome', async () => {
    expect(Object.fromEntries(Object.entries(jobs).map(([name, { status }]) => [name, status]))).toEqual({
      resumed: 'completed',
      completed: 'completed',
      leader: 'completed',
      copied: 'completed',
      retried: 'completed',
      failed: 'failed',
      cancelled: 'cancelled',
      late: 'failed',
    });
    const metrics = await worker();
    const [ended, endedInApi] = [metrics, await api()].map((one) => seriesOf(one, 'holdfast_jobs_ended_total'));
    const lateIsHere = ended?.['{lane="default",task="chat.completions",outcome="failed"}'] === 2;
    expect(ended).toEqual({
      '{lane="default",task="responses",outcome="completed"}': 1,
      '{lane="default",task="chat.completions",outcome="completed"}': 5,
      '{lane="default",task="chat.completions",outcome="failed"}': lateIsHere ? 2 : 1,
    });
    expect(endedInApi).toEqual({
      '{lane="default",task="chat.completions",outcome="cancelled"}': 1,
      ...(lateIsHere ? {} : { '{lane="default",task="chat.completions",outcome="failed"}': 1 }),
    });
    expect(seriesOf(metrics, 'holdfast_attempts_total')).toEqual({
      '{lane="default",outcome="completed"}': 6,
      '{lane="default",outcome="retry"}': 1,
      '{lane="default",outcome="failed"}': 1,
    });
    expect(metrics.get('holdfast_job_duration_seconds_count{lane="default",outcome="completed"}')).toBe(6);
  });

  it('count provider calls with their errors, tokens and cost; a model that only a client has named is `other`', async () => {
    const metrics = await worker();
    expect(seriesOf(metrics, 'holdfast_provider_calls_total')).toEqual({
      '{provider="main",model="sim",outcome="completed"}': 4,
      '{provider="main",model="other",outcome="completed"}': 1,
      '{provider="main",model="sim",outcome="failed"}': 2,
    });
    expect(seriesOf(metrics, 'holdfast_provider_errors_total')).toEqual({
      '{provider="main",code="provider_bad_request"}': 1,
      '{provider="main",code="provider_unavailable"}': 1,
    });
    expect(metrics.get('holdfast_calls_resumed_total')).toBe(1);
    const known = ['resumed', 'completed', 'leader', 'retried'].map((name) => jobs[name]?.usage);
    const output = known.reduce((sum, usage) => sum + (usage?.output_tokens ?? 0), 0);
    expect(metrics.get('holdfast_tokens_total{provider="main",model="sim",direction="output"}')).toBe(output);
    const cost = known.reduce((sum, usage) => sum + (usage?.cost_usd ?? 0), 0);
    expect(metrics.get('holdfast_cost_usd_total{provider="main",model="sim"}')).toBeCloseTo(cost, 9);
    expect(metrics.get('holdfast_avoided_usd_total')).toBeCloseTo(jobs.leader?.usage?.cost_usd ?? 0, 9);
    expect(metrics.get('holdfast_provider_call_duration_seconds_count{provider="main",model="sim"}')).toBe(6);
  });

  it('measure waiting and the first text, once for each job', async () => {
    const metrics = await worker();
    // Not the resumed one, whose first claim was another worker's; not the copied one, which waits for no turn.
    expect(metrics.get('holdfast_queue_wait_seconds_count{lane="default"}')).toBe(5);
    expect(metrics.get('holdfast_first_token_seconds_count{lane="default"}')).toBe(4);
  });

  it('show what runs, what may run, the breakers and Redis', async () => {
    const metrics = await worker();
    expect(seriesOf(metrics, 'holdfast_worker_running_jobs')).toEqual({});
    expect(seriesOf(metrics, 'holdfast_worker_capacity_jobs')).toMatchObject({ '{lane="default"}': 50 });
    expect(metrics.get('holdfast_breaker_state{provider="main",lane="default"}')).toBe(0);
    expect(metrics.get('holdfast_redis_command_seconds_count')).toBeGreaterThan(0);
    expect(metrics.get('holdfast_fenced_appends_total')).toBe(0);
    expect(metrics.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
  });

  it('name no tenant, no id and no model of a client', async () => {
    const series = [...(await worker()).keys(), ...(await api()).keys()];
    expect(series.filter((one) => /job_[a-z2-7]{32}|tenant|sim-of-a-client|hold_/.test(one))).toEqual([]);
  });
});

describe('the metrics of the API', () => {
  it('have the limit of held requests beside their number', async () => {
    const metrics = await api();
    expect(metrics.get('holdfast_max_held_requests')).toBeGreaterThan(metrics.get('holdfast_held_requests') ?? 0);
  });

  it('count submits by result', async () => {
    expect(seriesOf(await api(), 'holdfast_submits_total')).toEqual({
      '{result="accepted"}': 8,
      '{result="cached"}': 1,
      '{result="replayed"}': 1,
    });
  });

  it('show how deep each lane is', async () => {
    const { job } = await stack.client.submit({ ...chat('delayed', 'tokens=2'), delay_ms: 3_600_000 });
    await until(
      'the delayed job is shown',
      async () => (await api()).get('holdfast_lane_delayed_jobs{lane="default"}') === 1,
    );
    const metrics = await api();
    for (const name of ['waiting_jobs', 'running_jobs', 'waiting_tokens', 'oldest_wait_seconds']) {
      expect(metrics.get(`holdfast_lane_${name}{lane="default"}`)).toBe(0);
    }
    await stack.client.cancel(job.id);
  });
});

describe('counters that alert rules watch', () => {
  /** Values of one metric's series, by the value of its only label. */
  const valuesOf = (metrics: Map<string, number>, name: string) =>
    Object.fromEntries(
      [...metrics].flatMap(([series, value]) => {
        const [, label] = new RegExp(`^${name}\\{\\w+="([\\w.]+)"\\}$`).exec(series) ?? [];
        return label === undefined ? [] : [[label, value]];
      }),
    );

  it('are there before they count, so that their first increase is one', async () => {
    const [ofWorker, ofApi] = await Promise.all([worker(), api()]);
    expect(Object.keys(valuesOf(ofWorker, 'holdfast_repairs_total')).sort()).toEqual([
      'dropped',
      'handed_over',
      'lane_reassigned',
      'placed',
      'released',
      'response_ended',
    ]);
    expect(valuesOf(ofWorker, 'holdfast_budget_refusals_total')).toEqual({ reserved: 0, spent: 0, budget: 0 });
    expect(valuesOf(ofApi, 'holdfast_submits_total')).toMatchObject({ budget_exceeded: 0, durability_unmet: 0 });
    expect(valuesOf(ofApi, 'holdfast_worker_blocked_total')).toMatchObject({ 'chat.completions': 0 });
  });

  it('are missing of what is switched off', async () => {
    const names = [...(await worker()).keys()].filter((name) => name.startsWith('holdfast_archive_'));
    expect(names.sort()).toEqual(['holdfast_archive_failures_total', 'holdfast_archive_written_total']);
  });
});

describe('the metrics of the console', () => {
  it('show how deep each lane is', async () => {
    const console = await stack.start('console');
    const metrics = parse(await console.metrics());
    expect(metrics.get('holdfast_lane_waiting_jobs{lane="default"}')).toBe(0);
    expect(metrics.get('holdfast_redis_command_seconds_count')).toBeGreaterThanOrEqual(0);
  });
});

describe('the history', () => {
  const read = () => readHistory(probe.redis, stack.prefix, '1h');
  const counted = (history: History) => history.totals.completed === 6 && history.totals.cancelled === 2;

  it('has the same numbers, of all processes', async () => {
    const history = await until('all is flushed', async () => {
      const found = await read();
      return counted(found) ? found : null;
    });
    expect(history.totals).toMatchObject({
      submitted: 10,
      replayed: 1,
      refused: 0,
      completed: 6,
      failed: 2,
      cancelled: 2,
      retried: 1,
      copied: 1,
      resumedCalls: 1,
      failures: [
        { code: expect.any(String), lane: 'default', count: 1 },
        { code: expect.any(String), lane: 'default', count: 1 },
      ],
    });
    expect(history.totals.failures.map(({ code, provider }) => [code, provider]).sort()).toEqual([
      ['deadline_exceeded', null],
      ['provider_bad_request', 'main'],
    ]);
    const { models, avoidedUsd, queueWait, firstToken, total } = history.totals;
    expect(models.map(({ name }) => name).sort()).toEqual(['sim', 'sim-of-a-client']);
    expect(avoidedUsd).toBeCloseTo(jobs.leader?.usage?.cost_usd ?? 0, 9);
    for (const { p50, p95 } of [queueWait, firstToken, total]) expect(p95).toBeGreaterThanOrEqual(p50 ?? Number.NaN);
    const sim = models.find(({ name }) => name === 'sim');
    expect(sim?.costUsd).toBeCloseTo(spent(), 9);
  });

  it('has them by tenant', async () => {
    const { totals } = await readTenantHistory(probe.redis, stack.prefix, 'default', '24h');
    expect(totals).toMatchObject({ submitted: 10, replayed: 1, completed: 6, failed: 2, cancelled: 2 });
  });
});
