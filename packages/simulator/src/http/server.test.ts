import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { until } from '../../../core/testing/until.ts';
import { type Simulator, startSimulator } from '../index.ts';

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0 });
  client = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: 'any', maxRetries: 0 });
});
afterAll(() => simulator.close());

const ask = (sim: string, caseName: string) => ({
  model: 'sim',
  messages: [{ role: 'user' as const, content: 'Hello?' }],
  metadata: { sim, case: caseName },
});

describe('embeddings and models', () => {
  it('gives the same vector for the same text, as numbers and as base64', async () => {
    const embed = (encoding_format?: 'float') =>
      client.embeddings.create({
        model: 'sim-embed',
        input: ['a', 'b', 'a'],
        dimensions: 8,
        ...(encoding_format && { encoding_format }),
      });
    const [packed, plain] = await Promise.all([embed(), embed('float')]);
    const [a, b, again] = packed.data.map(({ embedding }) => embedding);
    expect(a).toHaveLength(8);
    expect(again).toEqual(a);
    expect(a).not.toEqual(b);
    expect(plain.data[0]?.embedding).toEqual(a);
    expect(Math.hypot(...(a ?? []))).toBeCloseTo(1);
  });

  it('takes instructions in the metadata and in headers', async () => {
    const body = { model: 'sim-embed', input: 'a' };
    const headers = { 'x-sim': 'status=503', 'x-sim-case': 'embed' };
    await expect(client.embeddings.create(body, { headers })).rejects.toMatchObject({ status: 503 });
    const instructed = { ...body, metadata: { sim: 'status=500', case: 'embed' } };
    await expect(client.embeddings.create(instructed)).rejects.toMatchObject({ status: 500 });
    const count = await (await fetch(`${simulator.url}/sim/calls?case=embed`)).json();
    expect(count).toMatchObject({ calls: 2, completed: 0, aborted: 0, tokens: 0 });
  });

  it('lists its models, answers any other, and refuses one that starts with "unknown"', async () => {
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual(['sim', 'sim-large', 'sim-embed']);
    expect(await client.models.retrieve('gpt-4o')).toMatchObject({ id: 'gpt-4o' });
    const refusal = { status: 404, code: 'model_not_found' };
    await expect(client.models.retrieve('unknown-1')).rejects.toMatchObject(refusal);
    await expect(client.chat.completions.create({ ...ask('', ''), model: 'unknown' })).rejects.toMatchObject(refusal);
  });
});

describe('the server', () => {
  it('refuses the key sk-invalid', async () => {
    const stranger = client.withOptions({ apiKey: 'sk-invalid' });
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });

  it('sends request ids and rate limits, and refuses beyond those in the instructions', async () => {
    const call = () => client.chat.completions.create(ask('ttft_ms=0&itl_ms=0&rpm=2', 'limits')).withResponse();
    const { response, request_id } = await call();
    expect(request_id).toMatch(/^req_/);
    expect(response.headers.get('openai-processing-ms')).toMatch(/^\d+$/);
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    expect(response.headers.get('x-ratelimit-reset-tokens')).toMatch(/^[\d.]+s$/);
    await call();
    const refused = await call().catch((error) => error);
    expect(refused).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
  });

  it('gives one answer for one idempotency key, while it runs and after', async () => {
    const headers = { 'Idempotency-Key': 'once' };
    const body = { ...ask('ttft_ms=0&itl_ms=4&tokens=20&idempotent=1', 'once'), stream: true as const };
    const left = await client.chat.completions.create(body, { headers });
    for await (const _ of left) break;
    const [second, third] = await Promise.all(
      [1, 2].map(async () => Array.fromAsync(await client.chat.completions.create(body, { headers }))),
    );
    const whole = await client.chat.completions.create({ ...body, stream: false }, { headers });
    expect(second).toEqual(third);
    expect(second?.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
      whole.choices[0]?.message.content,
    );
    const count = await (await fetch(`${simulator.url}/sim/calls?case=once`)).json();
    expect(count).toMatchObject({ calls: 1, completed: 1, aborted: 0, tokens: 20 });
  });

  it('stops generating when the client of an answer that isn’t streamed goes away', async () => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const left = client.chat.completions.create(ask('ttft_ms=0&itl_ms=10&pause_after=50&tokens=500', 'left'), {
      signal,
    });
    const broken = expect(left).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    const get = async () => (await fetch(`${simulator.url}/sim/calls?case=left`)).json();
    await until('it is under way', async () => (await get()).tokens > 0);
    leaving.abort();
    await broken;
    await until('it is aborted', async () => (await get()).aborted === 1);
    const count = await get();
    expect(count).toMatchObject({ calls: 1, completed: 0, aborted: 1 });
    expect(await get()).toEqual(count);
  });

  it('keeps its pace without drift', async () => {
    const dueMs = 50 + 300 * 1.2;
    // A machine that is busy just when it ends is no drift: that is there each time.
    await until('it has kept its pace', async () => {
      const startedAt = performance.now();
      await client.chat.completions.create(ask('ttft_ms=50&itl_ms=1.2&tokens=301', ''));
      const took = performance.now() - startedAt;
      expect(took).toBeGreaterThan(dueMs - 1);
      return took < dueMs + 150;
    });
  });

  it('answers all calls as it is instructed, over their own instructions, until that is taken back', async () => {
    const own = await startSimulator({ port: 0 });
    const instruction = (instructions: unknown) =>
      fetch(`${own.url}/sim/instructions`, { method: 'PUT', body: JSON.stringify({ instructions }) }).then(
        ({ status }) => status,
      );
    const call = async () => {
      const body = JSON.stringify(ask('tokens=1&status=429', ''));
      return (await fetch(`${own.url}/v1/chat/completions`, { method: 'POST', body })).status;
    };
    expect(await call()).toBe(429);
    expect(await instruction('status=503')).toBe(200);
    expect(await call()).toBe(503);
    expect([await instruction('status=200'), await instruction(7)]).toEqual([400, 400]);
    expect(await instruction('')).toBe(200);
    expect(await call()).toBe(429);
    await own.close();
  });

  it('has totals, zeros for an unknown case, and can be reset', async () => {
    const own = await startSimulator({ port: 0 });
    const url = `${own.url}/sim/calls`;
    const get = async (query = '') => (await fetch(url + query)).json();
    await fetch(`${own.url}/v1/embeddings`, { method: 'POST', body: JSON.stringify({ model: 'sim', input: 'a' }) });
    expect(await get()).toMatchObject({ calls: 1, completed: 1, aborted: 0, tokens: 0 });
    expect(await get('?case=none')).toMatchObject({ calls: 0, completed: 0, aborted: 0, tokens: 0 });
    await fetch(url, { method: 'DELETE' });
    expect(await get()).toMatchObject({ calls: 0, completed: 0, aborted: 0, tokens: 0 });
    await own.close();
  });

  it.each([
    ['{"model":', 400],
    ['[]', 400],
    ['', 400],
  ])('answers the body %j with %d', async (body, status) => {
    const response = await fetch(`${simulator.url}/v1/responses`, { method: 'POST', body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('closes at once, even if answers still run', async () => {
    const own = await startSimulator({ port: 0 });
    const slow = client.withOptions({ baseURL: `${own.url}/v1` });
    const stream = await slow.chat.completions.create({ ...ask('tokens=9999', ''), stream: true });
    await slow.responses.create({ model: 'sim', input: 'a', background: true, metadata: { sim: 'tokens=9999' } });
    const broken = expect(Array.fromAsync(stream)).rejects.toThrow();
    await own.close();
    await broken;
  });
});

describe('the process', () => {
  const start = (port: string) => {
    const main = new URL('../main.ts', import.meta.url).pathname;
    const env = { ...process.env, SIMULATOR_PORT: port };
    return spawn(process.execPath, ['--conditions=holdfast-source', main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  };

  it('says where it listens, and ends with 0 on SIGTERM even while it streams', async () => {
    const child = start('0');
    const [line] = await once(child.stdout, 'data');
    const { msg, url } = JSON.parse(String(line));
    expect(msg).toBe('simulator listening');
    const body = JSON.stringify({ ...ask('tokens=9999', ''), stream: true });
    const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body });
    const broken = expect(response.text()).rejects.toThrow();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    await broken;
  });

  it.each([
    [() => String(simulator.port), /^Port \d+ on 127\.0\.0\.1 is in use.*\n$/],
    [() => 'x', /^SIMULATOR_PORT must be .*\n$/],
  ])('says in one line why it can’t start, and ends with 1', async (port, said) => {
    const child = start(port());
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += data;
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(errors).toMatch(said);
  });
});
