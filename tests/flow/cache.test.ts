/** Cache and single flight with real processes: how often a provider was called, by the simulator's own counts. */
import { Holdfast } from '@holdfast/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { follow, JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack, until } from '../stack/stack.ts';
import { makeKey, makeTenant } from '../stack/tenants.ts';
import { ownAnswers } from './scenarios/own-answers.ts';
import { exceeded } from './scenarios/scenario.ts';
import { singleFlight } from './scenarios/single-flight.ts';

const lanes = (url: string) => {
  const providers = [{ name: 'main', base_url: url }];
  return {
    narrow: { models: ['narrow'], providers, limits: { max_running: 1 } },
    background: { models: ['sim-background'], providers, background: true },
    default: { models: ['*'], providers },
  };
};

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  const prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 2 } };
  const tasks = { summarize: { model: 'sim' } };
  stack = await Stack.start({ ...singleFlight.stack, config: (url) => ({ lanes: lanes(url), prices, tasks }) });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe.close();
  await stack.close();
});

type Submission = Parameters<Holdfast['submit']>[0];
const HOUR = { ttl_s: 3_600 };
const cached = (job: Submission, ttl_s = HOUR.ttl_s): Submission => ({ ...job, cache: { ttl_s } });
const QUICK = 'tokens=12&itl_ms=2&seed=a';
const PAUSED = 'tokens=60&itl_ms=5&pause_after=30&seed=b';

async function submit(job: Submission, client = stack.client): Promise<string> {
  return (await client.submit(job)).job.id;
}
const end = (id: string, client = stack.client) => client.wait(id);
const calls = async (name: string) => (await stack.providerCalls(name)).calls;

/** Everything that is kept of a job, but for the field that tells admins which job's answer it has. */
async function kept(id: string): Promise<string> {
  const { record, details, calls, steps, output } = probe.journal.keysOf(id);
  const hashes = await Promise.all([record, details, calls, steps].map((key) => probe.redis.hgetall(key)));
  for (const hash of hashes) delete hash.copied_from;
  return (await probe.log(id)) + JSON.stringify(hashes) + (await probe.redis.get(output));
}
/** Ids that a provider or Holdfast has made, in all that is kept of a job. */
async function idsIn(id: string): Promise<Set<string>> {
  return new Set((await kept(id)).match(/\b(?:job|resp|msg|chatcmpl)[_-][A-Za-z0-9]{12,}/g) ?? []);
}

async function expectWhole(ids: readonly string[]): Promise<void> {
  const jobs = await Promise.all(ids.map((id) => end(id)));
  expect(jobs.filter(({ status }) => status !== 'completed').map(({ error }) => error)).toEqual([]);
  expect(new Set(jobs.map(({ output_text }) => output_text)).size).toBe(1);
  expect(await probe.faults(ids)).toEqual([]);
  // Clients are not shown that field.
  for (const [at, job] of jobs.entries()) {
    expect(ids.filter((id) => id !== ids[at] && JSON.stringify(job).includes(id))).toEqual([]);
  }
  const seen = await Promise.all(ids.map(idsIn));
  seen.forEach((own, at) => {
    for (const other of seen.slice(at + 1)) expect([...own].filter((id) => other.has(id))).toEqual([]);
  });
}

describe('equal jobs', () => {
  it('that come at once make one call, and each has a whole journal of its own with no id of another', async () => {
    const { counts, jobs } = await singleFlight.play({ stack });
    expect(counts).toEqual(singleFlight.most);
    const ids = jobs.map(({ id }) => id);
    expect(new Set(ids).size).toBe(50);
    await expectWhole(ids);
    const followers = jobs.filter(({ usage }) => usage?.cached);
    expect(followers).toHaveLength(49);
    expect(followers.every(({ usage, provider_calls }) => usage?.cost_usd === 0 && provider_calls === 0)).toBe(true);
    for (const [at, id] of ids.entries()) {
      expect(new Set((await kept(id)).match(/secret-\d+/g))).toEqual(new Set([`secret-${at}`]));
    }
  });

  it('of Responses have ids of their own too, the same in all events of a job', async () => {
    const input = { model: 'sim-background', input: 'Hello.', metadata: { case: 'resp', sim: QUICK } };
    const job = cached({ task: 'responses', input });
    const ids = [await submit(job), await submit(job)];
    await expectWhole(ids);
    expect(await calls('resp')).toBe(1);
    for (const id of ids) {
      const made = [...(await idsIn(id))].filter((found) => found.startsWith('resp_'));
      expect(made).toHaveLength(1);
      expect((await end(id)).output).toMatchObject({ id: made[0] });
    }
  });

  it('are told the text live, and a reader that comes back sees each event once', async () => {
    const job = cached(chat('live', PAUSED));
    const [leader, follower] = [await submit(job), await submit(job)];
    await probe.streaming(follower);
    expect(await probe.field(leader, 'status')).toBe('running');
    const { client } = stack;
    const first: number[] = [];
    for await (const { event } of client.stream(follower)) {
      first.push(event.seq);
      if (first.length === 6) break;
    }
    await stack.goOn('live');
    const rest = await Array.fromAsync(client.attach(follower, { after: 6 }), ({ seq }) => seq);
    expect([...first, ...rest]).toEqual(Array.from({ length: first.length + rest.length }, (_, at) => at + 1));
    expect((await follow(client, follower)).text).toBe((await end(leader)).output_text);
    await expectWhole([leader, follower]);
  });

  it('are answered while the lane and the tenant have no room, and past what waits there', async () => {
    const client = await makeTenant(stack, probe, 'narrow', { max_running: 1 });
    const narrow = (name: string, sim: string): Submission => {
      const job = chat(name, sim);
      return { ...job, input: { ...job.input, model: 'narrow' } };
    };
    const job = cached(narrow('ready', QUICK));
    const leader = await end(await submit(job, client), client);
    const blocker = await submit(narrow('blocker', 'tokens=900&itl_ms=100'), client);
    const behind = await submit(narrow('behind', QUICK), client);
    await until('the lane is full', async () => (await stack.providerCalls('blocker')).calls === 1);
    const answered = await end(await submit(job, client), client);
    expect(answered).toMatchObject({ output_text: leader.output_text, usage: { cached: true, cost_usd: 0 } });
    expect(await probe.field(behind, 'status')).toBe('queued');
    expect(await calls('ready')).toBe(1);
    await client.cancel(blocker);
    await end(behind, client);
  });

  it('of a task share its answer, and are equal whatever their metadata', async () => {
    const text = 'Water is wet. '.repeat(30);
    const job = (mine: string) =>
      cached({ task: 'summarize', input: { text }, metadata: { mine, case: 'sum', sim: QUICK } });
    const ids = [await submit(job('a')), await submit(job('b'))];
    await Promise.all(ids.map((id) => end(id)));
    const made = await calls('sum');
    ids.push(await submit(job('c')));
    await Promise.all(ids.map((id) => end(id)));
    expect(await calls('sum')).toBe(made);
    expect((await end(ids[2] as string)).usage).toMatchObject({ cached: true, cost_usd: 0 });
    expect(await probe.faults(ids)).toEqual([]);
  });

  it('need no budget of their own, and are counted as spend avoided', async () => {
    const thrifty = await makeTenant(stack, probe, 'thrifty', { budget_usd: { day: 0.00025 } });
    const job = (name: string): Submission => {
      const one = chat(name, PAUSED);
      return cached({ ...one, input: { ...one.input, max_tokens: 50 } });
    };
    const ids = [await submit(job('thrifty'), thrifty), await submit(job('thrifty'), thrifty)];
    const { key } = await makeKey(stack, probe, 'thrifty');
    const once = new Holdfast({ baseUrl: stack.apiUrl, apiKey: key, retry: { maxRetries: 0 } });
    await expect(submit(job('unequal'), once)).rejects.toMatchObject({ code: 'budget_exceeded' });
    ids.push(await submit(job('thrifty'), thrifty));
    await stack.goOn('thrifty');
    const jobs = await Promise.all(ids.map((id) => end(id, thrifty)));
    expect(jobs.map(({ usage }) => usage?.cached)).toEqual([false, true, true]);
    const spent = async () => (await thrifty.usage()).days[0];
    await until('all are settled', async () => (await spent())?.jobs === 3);
    const usd = jobs[0]?.usage?.cost_usd ?? Number.NaN;
    expect(await spent()).toMatchObject({ calls: 1, usd, avoided_usd: expect.closeTo(2 * usd, 8) });
  });

  it('under one idempotency key are one job, follower or not', async () => {
    const job = cached(chat('replayed', QUICK));
    const leader = await stack.client.submit(job, { idempotencyKey: 'cache-leader' });
    const follower = await stack.client.submit(job, { idempotencyKey: 'cache-follower' });
    await expectWhole([leader.job.id, follower.job.id]);
    for (const [idempotencyKey, { job: before }] of [
      ['cache-leader', leader] as const,
      ['cache-follower', follower] as const,
    ]) {
      const again = await stack.client.submit(job, { idempotencyKey });
      expect(again).toMatchObject({ replayed: true, job: { id: before.id, status: 'completed' } });
    }
    expect(await calls('replayed')).toBe(1);
  });
});

describe('a new call is made', () => {
  it('for another tenant', async () => {
    const { counts, jobs } = await ownAnswers.play({ stack, probe });
    expect(exceeded(ownAnswers, counts)).toEqual([]);
    expect(jobs.map(({ usage }) => usage?.cached)).toEqual([false, false]);
  });

  it('when the answer is too old, has been forgotten, or is not asked for', async () => {
    const job = chat('old', QUICK);
    const first = await end(await submit(cached(job)));
    const age = () => Date.now() - Date.parse(first.finished_at ?? '');
    await until('the answer is old', () => age() > 1_200);
    await end(await submit(cached(job, 1)));
    expect(await calls('old')).toBe(2);
    await end(await submit({ ...job, cache: null }));
    await end(await submit(job));
    expect(await calls('old')).toBe(4);
    const second = await end(await submit(cached(job)));
    expect(second.usage?.cached).toBe(true);
    const { data } = await stack.client.list();
    for (const { id } of data) await stack.client.delete(id).catch(() => undefined);
    await end(await submit(cached(job)));
    expect(await calls('old')).toBe(5);
  });

  it('by one follower, when the leader is cancelled; the others follow that one', async () => {
    const job = cached(chat('cancelled', PAUSED));
    const [leader, ...followers] = await Promise.all([job, job, job, job, job].map((one) => submit(one)));
    const running = await until('one runs', async () => {
      const made = await Promise.all([leader, ...followers].map((id) => probe.field(String(id), 'provider_calls')));
      return [leader, ...followers].find((_, at) => made[at] === '1');
    });
    const rest = [leader, ...followers].filter((id) => id !== running).map(String);
    await Promise.all(rest.map((id) => probe.streaming(id)));
    await stack.client.cancel(running);
    await stack.goOn('cancelled');
    await expectWhole(rest);
    expect(await stack.providerCalls('cancelled')).toMatchObject({ calls: 2, completed: 1 });
  });

  it('by one follower, when the leader fails', async () => {
    const job = cached(chat('failed', 'fail=400&head_ms=300&tokens=12&itl_ms=2&seed=d'));
    const ids = await Promise.all([job, job, job, job].map((one) => submit(one)));
    const jobs = await Promise.all(ids.map((id) => end(id)));
    const completed = jobs.filter(({ status }) => status === 'completed').map(({ id }) => id);
    expect(completed).toHaveLength(3);
    await expectWhole(completed);
    expect(await calls('failed')).toBe(2);
  });
});

describe('a follower', () => {
  it('that is cancelled changes nothing for the others', async () => {
    const job = cached(chat('leaves', PAUSED));
    const ids = [await submit(job), await submit(job), await submit(job)] as const;
    await probe.streaming(ids[1]);
    await stack.client.cancel(ids[1]);
    expect((await end(ids[1])).status).toBe('cancelled');
    await stack.goOn('leaves');
    await expectWhole([ids[0], ids[2]]);
    expect(await calls('leaves')).toBe(1);
  });

  it('has the whole of one text when the workers are killed in the middle of it', async () => {
    const job = cached(chat('killed', 'tokens=60&itl_ms=5&pause_after=30&seed=e'));
    const ids = await Promise.all(Array.from({ length: 6 }, () => submit(job)));
    await Promise.all(ids.map((id) => probe.streaming(id)));
    await Promise.all(stack.running('worker').map((worker) => worker.end('SIGKILL')));
    await stack.goOn('killed');
    await Promise.all([stack.start('worker'), stack.start('worker')]);
    await expectWhole(ids);
    // The call that broke off, and the one that was made for it.
    expect(await calls('killed')).toBe(2);
    const permits = async () => (await probe.queue.scheduler.counts('~followers')).permits;
    await until('no permit is left', async () => (await permits()) === 0);
  });
});
