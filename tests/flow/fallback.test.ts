/** A lane with two providers, each a real simulator: which one is called when another is down, what readers see and what it costs. */
import type { Job } from '@holdfast/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chat, freePort, instructSimulator, Stack, until } from '../stack/stack.ts';
import { outage } from './scenarios/outage.ts';
import { exceeded } from './scenarios/scenario.ts';

let stack: Stack;
let primary: string;
let spare: string;

beforeAll(async () => {
  const port = String(await freePort());
  spare = `http://127.0.0.1:${port}`;
  const lanes = (main: string) => {
    const providers = (timeouts = {}) => [
      { name: 'main', base_url: main, ...timeouts },
      { name: 'spare', base_url: `${spare}/v1`, model: 'sim-spare' },
    ];
    // Lanes of their own have breakers of their own.
    const lane = (name: string, more = {}) =>
      [name, { models: [`sim-${name}`], providers: providers(), ...more }] as const;
    const plain = ['down', 'cut', 'fail', 'breaker', 'both', 'busy', 'once'].map((name) => lane(name));
    return {
      ...Object.fromEntries(plain),
      ...Object.fromEntries([lane('hang', { providers: providers({ first_byte_timeout_ms: 700 }) })]),
      ...Object.fromEntries([lane('background', { background: true }), lane('leave', { background: true })]),
      learned: { models: ['*'], providers: [{ name: 'main', base_url: main }] },
    };
  };
  const prices = {
    'sim-spare': { input_usd_per_million: 0, output_usd_per_million: 1_000_000 },
    'sim-*': { input_usd_per_million: 0, output_usd_per_million: 0 },
  };
  stack = await Stack.start({ config: (main) => ({ lanes: lanes(main), prices }) });
  primary = stack.simulatorUrl;
  await stack.start('simulator', { SIMULATOR_PORT: port });
});
afterEach(async () => {
  await instructSimulator(primary, '');
  await instructSimulator(spare, '');
});
afterAll(() => stack?.close());

function on(lane: string, name: string, sim = 'tokens=10&itl_ms=1') {
  const { task, input } = chat(name, sim);
  return { task, input: { ...input, model: `sim-${lane}` } };
}

function inBackground(lane: string, name: string, sim: string) {
  return { task: 'responses', input: { model: `sim-${lane}`, input: 'Say something.', metadata: { case: name, sim } } };
}

async function follow(id: string) {
  const texts: string[] = [];
  const events: { type: string; data: unknown }[] = [];
  for await (const { text, event } of stack.client.stream(id)) {
    texts.push(text);
    events.push({ type: event.type, data: event.data });
  }
  return { texts, events, job: await stack.client.get(id) };
}

async function run(request: ReturnType<typeof on> & { on_provider_switch?: 'fail'; on_ambiguous?: 'fail' }) {
  const { job } = await stack.client.submit(request);
  return follow(job.id);
}

const callsAt = async (name: string) => ({
  main: (await stack.providerCalls(name, primary)).calls,
  spare: (await stack.providerCalls(name, spare)).calls,
});

describe('a provider that is down', () => {
  it('is followed by the next in the same attempt, which is billed by its own model', async () => {
    await instructSimulator(primary, 'status=503');
    const { job, events } = await run(on('down', 'down'));
    expect(job).toMatchObject({ status: 'completed', attempt: 1, provider_calls: 2, ambiguous_calls: 0 });
    expect(job.usage).toMatchObject({ output_tokens: 10, cost_usd: 10 });
    const error = { code: 'provider_unavailable', status: 503, provider: 'main' };
    expect(events).toContainEqual({
      type: 'provider.switched',
      data: { call: '', provider: 'spare', error: expect.objectContaining(error) },
    });
    expect(await callsAt('down')).toEqual({ main: 1, spare: 1 });
  });

  it('is given up where it hangs; the call may have been paid, and is counted so', async () => {
    await instructSimulator(primary, 'hang=1');
    const { job } = await run(on('hang', 'hang'));
    expect(job).toMatchObject({ status: 'completed', attempt: 1, provider_calls: 2, ambiguous_calls: 1 });
    const once = await run({ ...on('hang', 'hang once'), on_ambiguous: 'fail' });
    expect(once.job).toMatchObject({ status: 'failed', provider_calls: 1, ambiguous_calls: 1 });
    expect(once.job.error).toMatchObject({ code: 'provider_timeout', provider: 'main' });
    expect(await callsAt('hang once')).toEqual({ main: 1, spare: 0 });
  });

  it('hands over after the first token by a new attempt at once, which readers are told of', async () => {
    await instructSimulator(primary, 'cut_after=5');
    const { job, texts, events } = await run(on('cut', 'cut'));
    expect(job).toMatchObject({ status: 'completed', attempt: 2, provider_calls: 2, ambiguous_calls: 1 });
    const failed = events.find(({ type }) => type === 'attempt.failed');
    expect(failed?.data).toMatchObject({ error: { code: 'provider_stream_cut', provider: 'main' } });
    expect(events).toContainEqual({ type: 'attempt.started', data: { attempt: 2, resumed: false } });
    expect(texts.at(-1)).toBe(job.output_text);
    expect(texts.some((text, at) => !text.startsWith(texts[at - 1] ?? ''))).toBe(true);
    expect(await callsAt('cut')).toEqual({ main: 1, spare: 1 });
  });

  it('fails the job after the first token, where the job says so', async () => {
    await instructSimulator(primary, 'cut_after=5');
    const { job } = await run({ ...on('fail', 'fail'), on_provider_switch: 'fail' });
    expect(job).toMatchObject({ status: 'failed', attempt: 1, provider_calls: 1 });
    expect(job.error).toMatchObject({ code: 'provider_stream_cut', provider: 'main' });
    expect(await callsAt('fail')).toEqual({ main: 1, spare: 0 });
  });

  it('gets no more calls once its breaker opens, and gets them again once it is well', async () => {
    await instructSimulator(primary, 'status=503');
    for (let at = 0; at < 5; at += 1) await run(on('breaker', 'opening'));
    expect(await callsAt('opening')).toEqual({ main: 5, spare: 5 });
    await until('it is logged', () => /"lane":"breaker".*breaker opened/.test(stack.logs));
    const jobs = await Promise.all(Array.from({ length: 8 }, () => run(on('breaker', 'open'))));
    expect(jobs.every(({ job }) => job.status === 'completed' && job.provider_calls === 1)).toBe(true);
    expect(await callsAt('open')).toEqual({ main: 0, spare: 8 });

    await instructSimulator(primary, '');
    await until(
      'it is tried again',
      async () => (await run(on('breaker', 'closing'))) && (await callsAt('closing')).main > 0,
    );
    await until('that is logged', () => /"lane":"breaker".*breaker closed/.test(stack.logs));
    const before = (await callsAt('closing')).spare;
    await Promise.all(Array.from({ length: 5 }, () => run(on('breaker', 'closing'))));
    expect(await callsAt('closing')).toEqual({ main: 6, spare: before });
  });

  it('is left alone for as long as it asks, where that is long; its lane goes on', async () => {
    await instructSimulator(primary, 'status=429&retry_after=30');
    for (let at = 0; at < 3; at += 1) {
      expect((await run(on('busy', 'busy'))).job).toMatchObject({ status: 'completed', attempt: 1 });
    }
    expect(await callsAt('busy')).toEqual({ main: 1, spare: 3 });
  });

  it('is not followed by another where the request is bad', async () => {
    await instructSimulator(primary, 'status=400');
    const { job } = await run(on('once', 'bad'));
    expect(job).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'provider_bad_request' } });
    expect(await callsAt('bad')).toEqual({ main: 1, spare: 0 });
  });
});

describe('where all providers are down', () => {
  it('the job is tried again, and fails with the names of all and what each said', async () => {
    await instructSimulator(primary, 'status=503');
    await instructSimulator(spare, 'status=401');
    const { job: submitted } = await stack.client.submit(on('both', 'both'));
    const first = await until('it is put off', async () => {
      const events = await eventsSoFar(submitted.id);
      return events.find(({ type }) => type === 'attempt.failed');
    });
    const tried = [
      { provider: 'main', code: 'provider_unavailable', status: 503 },
      { provider: 'spare', code: 'provider_unauthorized', status: 401 },
    ];
    const said = { code: 'provider_unavailable', retryable: true, provider: 'main', tried };
    expect(first.data).toMatchObject({ error: said });
    await instructSimulator(spare, '');
    expect(await stack.client.wait(submitted.id)).toMatchObject({ status: 'completed' });
    await instructSimulator(primary, 'status=401');
    await instructSimulator(spare, 'status=401');
    const { job } = await run(on('once', 'keys'));
    expect(job).toMatchObject({ status: 'failed', attempt: 1, provider_calls: 2 });
    expect(job.error?.message).toMatch(/main provider_unauthorized 401, spare provider_unauthorized 401/);
  });
});

describe('a lane with one provider', () => {
  it('loses no job to its outage: they wait, and go on when it is well', async () => {
    const { counts, jobs } = await outage.play({ stack });
    expect(exceeded(outage, counts)).toEqual([]);
    // Five failures open the breaker; those that were under way then may have failed once as well.
    expect(counts.calls).toBeLessThanOrEqual(3 * jobs.length);
  });
});

async function eventsSoFar(id: string): Promise<{ type: string; data: unknown }[]> {
  const all: { type: string; data: unknown }[] = [];
  for await (const { event } of stack.client.stream(id)) {
    all.push({ type: event.type, data: event.data });
    if (event.type === 'attempt.failed') break;
  }
  return all;
}

/** A job whose response runs at the spare one. */
async function runAtSpare(lane: string, name: string, sim: string): Promise<Job> {
  // Of all that `sim` orders, this alone holds for the first one.
  await instructSimulator(primary, 'status=503&fail=ok');
  const { job } = await stack.client.submit(inBackground(lane, name, sim));
  await until('text streams', async () => (await stack.client.get(job.id)).cursor > 15);
  await instructSimulator(primary, '');
  return job;
}

describe('a background response', () => {
  it('is resumed at its own provider after its worker was killed, and paid once', async () => {
    const job = await runAtSpare('background', 'resumed', 'tokens=120&itl_ms=5&pause_after=60');
    const followed = follow(job.id);
    await stack.running('worker')[0]?.end('SIGKILL');
    await stack.goOn('resumed', spare);
    await stack.start('worker');
    const { job: ended, texts } = await followed;
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, provider_calls: 2, ambiguous_calls: 0 });
    expect(texts.at(-1)).toBe(ended.output_text);
    expect(texts.every((text, at) => text.startsWith(texts[at - 1] ?? ''))).toBe(true);
    expect(await callsAt('resumed')).toEqual({ main: 1, spare: 1 });
  });

  it('is ended at its own provider by a cancel, also where no worker has it', async () => {
    const atSpare = (name: string) => stack.providerCalls(name, spare);
    const job = await runAtSpare('leave', 'cancelled', 'tokens=400&itl_ms=20');
    expect(await stack.client.cancel(job.id)).toMatchObject({ status: 'cancelled' });
    await until('it is ended there', async () => (await atSpare('cancelled')).aborted === 1);

    const waiting = 'tokens=2000&itl_ms=20&fail=cut&cut_after=25&resume_fail=429&retry_after=60';
    const left = await runAtSpare('leave', 'left', waiting);
    await until('the resume was refused', async () => {
      const { status, attempt } = await stack.client.get(left.id);
      return status === 'queued' && attempt === 2;
    });
    expect(await stack.client.cancel(left.id)).toMatchObject({ status: 'cancelled' });
    await until('it is ended there', async () => (await atSpare('left')).aborted === 1);
  });
});

describe('a lane without limits', () => {
  it('learns its provider’s from the answers, and is hardly ever refused', async () => {
    const limited = on('learned', 'learned', 'tokens=1&ttft_ms=1&itl_ms=1&rpm=30&window_ms=6000');
    await run(limited);
    const submitted = await Promise.all(Array.from({ length: 40 }, () => stack.client.submit(limited)));
    const ended = await Promise.all(
      submitted.map(({ job }) =>
        until('it ends', async () => {
          const now = await stack.client.get(job.id);
          return now.finished_at === null ? null : now;
        }),
      ),
    );
    expect(ended.filter(({ status }) => status !== 'completed')).toEqual([]);
    const { calls, completed } = await stack.providerCalls('learned', primary);
    expect(completed).toBe(41);
    expect(calls - completed).toBeLessThanOrEqual(2);
  });
});
