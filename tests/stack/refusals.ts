/**
 * A stack whose requests are to be refused: one lane that doesn't take every model, logs in full, callers of other
 * tenants and with lesser keys; and what every refusal has to be.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cell } from '@holdfast/cell';
import { createApiKeys } from '@holdfast/gate';
import { BullQueues } from '@holdfast/queue';
import { connectRedis, disconnectRedis, type Redis } from '@holdfast/redis';
import { expect } from '@jest/globals';
import { marker } from './bad-submits.ts';
import { type RawAnswer, type RawRequest, requestBytes, sendBytes } from './raw-http.ts';
import { adminKey, apiKey, chat, freePort, Stack } from './stack.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export const bearer = (key: string) => `authorization: Bearer ${key}`;

interface Expected {
  status: number;
  code: string;
  param?: string | null;
}

/** The problem document that an answer has to be. */
export function expectProblem({ status, headers, body }: RawAnswer, expected: Expected): void {
  const problem = JSON.parse(body) as { detail: string };
  const { code, param = null } = expected;
  expect({ ...problem, status }).toMatchObject({
    status: expected.status,
    code,
    param,
    type: `urn:holdfast:error:${code}`,
    title: code.replaceAll('_', ' '),
    error: { message: problem.detail, type: 'invalid_request_error', param, code },
  });
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(problem.detail.length).toBeGreaterThan(10);
  expect(body).not.toMatch(/\bat .*:\d+:\d+|node_modules|\.ts\b|SyntaxError|ZodError/);
  expect(body).not.toContain(marker);
}

type Member = 'acme' | 'reader' | 'submitter' | 'embedder';

/** Ten times what is wanted: what the process does beside it counts, too. */
const CHEAP_MS = 1_000;

export class RefusingStack {
  readonly stack: Stack;
  readonly redis: Redis;
  /** Keys of other callers: of tenant `acme`, and of tenant `default` with less than every right. */
  readonly keys: Record<Member, string>;

  private constructor(stack: Stack, redis: Redis, keys: Record<Member, string>) {
    this.stack = stack;
    this.redis = redis;
    this.keys = keys;
  }

  static async start(): Promise<RefusingStack> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-refusals-'));
    const simulatorPort = await freePort();
    const provider = { name: 'main', base_url: `http://127.0.0.1:${simulatorPort}/v1` };
    const config = join(folder, 'config.json');
    writeFileSync(config, JSON.stringify({ lanes: { only: { models: ['sim', 'sim-*'], providers: [provider] } } }));
    const env = { LOG_LEVEL: 'debug', HOLDFAST_CONFIG: config, SIMULATOR_PORT: String(simulatorPort) };
    const stack = await Stack.start({ env });
    rmSync(folder, { recursive: true });
    const redis = connectRedis(stack.env.REDIS_URL ?? '', 'worker', silent);
    const apiKeys = createApiKeys({ redis, prefix: stack.prefix });
    const [acme, reader, submitter, embedder] = await Promise.all([
      apiKeys.create('acme', { scopes: ['submit', 'read'] }),
      apiKeys.create('default', { scopes: ['read'] }),
      apiKeys.create('default', { scopes: ['submit'] }),
      apiKeys.create('default', { scopes: ['submit', 'read'], tasks: ['embeddings'] }),
    ]);
    const keys = { acme: acme.key, reader: reader.key, submitter: submitter.key, embedder: embedder.key };
    return new RefusingStack(stack, redis, keys);
  }

  async close(): Promise<void> {
    await disconnectRedis(this.redis);
    await this.stack.close();
  }

  /** Sends with the API key, unless an Authorization header is there. */
  send({ headers = [], ...request }: RawRequest, options?: Parameters<typeof sendBytes>[2]): Promise<RawAnswer> {
    const authorized = headers.some((line) => /^authorization:/i.test(line));
    const all = authorized ? headers : [bearer(apiKey), ...headers];
    return sendBytes(this.stack.apiUrl, requestBytes({ ...request, headers: all }), options);
  }

  submit(body: object, ...headers: string[]): Promise<RawAnswer> {
    const lines = ['content-type: application/json', ...headers];
    return this.send({ method: 'POST', path: '/v1/jobs', headers: lines, body: JSON.stringify(body) });
  }

  /** Submits a job with the marker in its prompt; its id. */
  async submitted(key: string, name: string, sim = 'tokens=2'): Promise<string> {
    const { status, body } = await this.submit(chat(name, sim, marker), bearer(key));
    expect(status).toBe(202);
    return (JSON.parse(body) as { id: string }).id;
  }

  /**
   * The API must spend little on it, however it is made. Its processor time is what counts: that of a clock is the machine's.
   * Within 100 ms is what is wanted, and was measured (slowest 54 ms).
   */
  async expectCheap(name: string, request: () => Promise<RawAnswer>): Promise<void> {
    const before = await this.#processorMs();
    await request();
    const ms = (await this.#processorMs()) - before;
    expect({ name, cheap: ms < CHEAP_MS, ms }).toMatchObject({ cheap: true });
  }

  async #processorMs(): Promise<number> {
    const metrics = await this.stack.metrics();
    return Number(/^process_cpu_seconds_total (\S+)$/m.exec(metrics)?.[1]) * 1_000;
  }

  /** Every way to hold a job: entries of the lane's queue, records, the lists of both tenants. */
  async everythingStored() {
    const cell = new Cell({ redis: this.redis, prefix: this.stack.prefix, retentionMs: 0 });
    const bull = new BullQueues(cell, () => undefined);
    const counts = await bull.queue('only').getJobCounts();
    const paused = await bull.queue('only').isPaused();
    await bull.close();
    const records = await this.redis.keys(`${cell.keys.base}job:*`);
    const listed = async (key: string) => {
      const { body } = await this.send({ path: '/v1/jobs?limit=100', headers: [bearer(key)] });
      return (JSON.parse(body) as { data: { id: string }[] }).data.map(({ id }) => id);
    };
    return { counts, paused, records: records.sort(), own: await listed(apiKey), acme: await listed(this.keys.acme) };
  }

  /** What no log of any process may hold: prompts, keys; nor may a refusal be an error of ours. */
  expectCleanLogs(...moreKeys: string[]): void {
    const { logs } = this.stack;
    expect(logs).toContain('"level":"debug"');
    expect(logs).not.toContain(marker);
    for (const key of [apiKey, adminKey, ...Object.values(this.keys), ...moreKeys]) expect(logs).not.toContain(key);
    expect(logs).not.toContain('"level":"error"');
  }
}
