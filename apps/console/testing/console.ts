/** For tests: the console in its own process, as people run it, on a real Redis with its own prefix. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AdminClient, type AdminRequest, type Operation, operations } from '@holdfast/admin';
import { Cell } from '@holdfast/cell';
import { BullQueues } from '@holdfast/queue';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { expect } from '@jest/globals';
import { NODE_COMPILE_CACHE } from '../../../packages/core/testing/compile-cache.ts';
import { sharedRedisUrl } from '../../../packages/core/testing/shared-redis.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const provider = { name: 'main', base_url: 'http://127.0.0.1:1/v1' };
const lanes = {
  fast: { models: ['mini-*'], providers: [provider] },
  default: { models: ['*'], providers: [provider] },
};
const plans = { free: { requests_per_minute: 60 }, pro: { weight: 2 } };

/** A bearer key, or a session with its CSRF token. */
export type Credentials = { key: string } | { cookie: string; csrf: string };

export interface TestConsole {
  url: string;
  adminKey: string;
  prefix: string;
  redis: Redis;
  cell: Cell;
  /** The lanes in BullMQ. */
  bull: BullQueues;
  /** Lines that it has logged so far. */
  log: readonly string[];
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  request(path: string, init: RequestInit): Promise<Response>;
  /** A client of the admin API, which checks that each answer fits its schema. */
  as(who: Credentials): AdminClient;
  /** A new session. @param key default: the admin key */
  logIn(key?: string): Promise<Extract<Credentials, { cookie: string }>>;
  /** Resets the login throttle. */
  resetThrottle(): Promise<void>;
  /** Stops it. Resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Stops it, and removes its keys from Redis. */
  cleanUp(): Promise<void>;
}

/** @param url default: the Redis that all tests share */
export async function connectTestRedis(url = sharedRedisUrl()): Promise<Redis> {
  const redis = connectRedis(url, 'worker', silent);
  await untilReady(redis, 60_000);
  return redis;
}

function spawnConsole(directory: string, settings: Record<string, string>) {
  writeFileSync(join(directory, 'holdfast.config.json'), JSON.stringify({ lanes, plans }));
  const child = spawn(process.execPath, ['--conditions=holdfast-source', join(import.meta.dirname, '../src/main.ts')], {
    cwd: directory,
    env: {
      CONSOLE_PORT: '0',
      LOG_LEVEL: 'debug',
      NODE_COMPILE_CACHE,
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log: string[] = [];
  const url = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(line);
      const entry = JSON.parse(line) as { msg: string; url?: string };
      if (entry.msg === 'console ready' && entry.url) resolve(entry.url);
    });
    child.once('exit', (code) => reject(new Error(`the console ended with ${code}:\n${log.join('\n')}`)));
  });
  return { child, log, url };
}

/** @param settings further settings of the process; `REDIS_URL` in the place of the Redis that all tests share */
export async function startConsole(settings: Record<string, string> = {}): Promise<TestConsole> {
  const { REDIS_URL = sharedRedisUrl() } = settings;
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const adminKey = `admin-${randomBytes(16).toString('hex')}`;
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-console-'));
  const redis = await connectTestRedis(REDIS_URL);
  const cell = new Cell({ redis, prefix, retentionMs: 3_600_000 });
  const bull = new BullQueues(cell, () => undefined);
  const {
    child,
    log,
    url: ready,
  } = spawnConsole(directory, {
    HOLDFAST_ADMIN_KEY: adminKey,
    HOLDFAST_PREFIX: prefix,
    ...settings,
    REDIS_URL,
  });
  const url = await ready;

  const request: TestConsole['request'] = (path, init) => fetch(url + path, { redirect: 'manual', ...init });
  const remove = async (pattern: string) => {
    const names = await redis.keys(pattern);
    if (names.length > 0) await redis.del(...names);
  };
  const resetThrottle = () => remove(`${prefix}:console:login:*`);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(60_000) });
    child.kill('SIGTERM');
    return (await exited)[0] as number | null;
  };

  return {
    url,
    adminKey,
    prefix,
    redis,
    cell,
    bull,
    log,
    get: (path, headers = {}) => request(path, { headers }),
    request,
    resetThrottle,
    as: (who) => new AdminClient((request) => sendAs(url, who, request)),
    async logIn(key = adminKey) {
      await resetThrottle();
      const headers = { 'content-type': 'application/json' };
      const answer = await request('/admin/v1/login', { method: 'POST', headers, body: JSON.stringify({ key }) });
      const { csrf_token: csrf } = (await answer.json()) as { csrf_token: string };
      return { cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '', csrf };
    },
    stop,
    async cleanUp() {
      await stop();
      await bull.close();
      rmSync(directory, { recursive: true, force: true });
      await remove(`${prefix}:*`);
      await remove(`{${prefix}:*`);
      await disconnectRedis(redis);
    },
  };
}

/** Headers that say who sends a request. */
export function headersOf(url: string, who: Credentials): Record<string, string> {
  if ('key' in who) return { authorization: `Bearer ${who.key}` };
  return { cookie: who.cookie, 'x-csrf-token': who.csrf, origin: url };
}

/** What the console has refused. */
export class Refused extends Error {
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(`${status} ${code}: ${detail}`);
    this.code = code;
  }
}

export async function sendAs(url: string, who: Credentials, { method, path, body }: AdminRequest): Promise<unknown> {
  const headers = { ...headersOf(url, who), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const answer = await fetch(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.status === 204) return undefined;
  const value: unknown = await answer.json();
  if (!answer.ok) {
    const { code, detail } = value as { code: string; detail: string };
    throw new Refused(answer.status, code, detail);
  }
  return fitting(method, path, value);
}

/** The answer, where it fits the schema of its operation exactly: no member is missing, and none is there too many. */
export function fitting(method: string, path: string, value: unknown): unknown {
  const below = path.replace(/^\/admin\/v1/, '').replace(/\?.*$/, '');
  const all: Operation[] = Object.values(operations);
  const found = all
    .sort((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')))
    .find((one) => one.method === method && new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(below));
  if (!found || found.response === null || found.response === 'stream') throw new Error(`no answer: ${method} ${path}`);
  const parsed: unknown = found.response.parse(value);
  expect(value).toEqual(parsed);
  return value;
}

/** How a request was refused, such as `403 forbidden`; `withParam` appends ` at <param>`. */
export async function refusal(response: Response, { withParam = false } = {}): Promise<string> {
  const type = response.headers.get('content-type');
  if (type !== 'application/problem+json') throw new Error(`no problem document: ${response.status} ${type}`);
  const { code, param } = (await response.json()) as { code: string; param: string | null };
  return `${response.status} ${code}${withParam ? ` at ${param}` : ''}`;
}
