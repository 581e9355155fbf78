/** A Redis that says no: to a password, to a user, to writes. Told once, in words, at the start and later; nothing is lost. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { channelCommands, keyCommands, otherCommands } from '../../packages/redis/src/access.ts';
import { type OwnRedis, promote, replicate, startOwnRedis } from '../../packages/redis/testing/redis.ts';
import { JournalProbe, silent } from '../stack/journal-probe.ts';
import { adminKey, apiKey, chat, processEnv, Stack, until } from '../stack/stack.ts';
import { keptMode } from './scenarios/kept-mode.ts';
import { exceeded } from './scenarios/scenario.ts';

const root = join(import.meta.dirname, '../..');
const PASSWORD = 'open-sesame';
const MISCONFIGURED = 78;

let own: OwnRedis;
let other: OwnRedis;
let admin: Redis;
beforeAll(async () => {
  [own, other] = await Promise.all([startOwnRedis(), startOwnRedis()]);
  admin = connectRedis(own.url, 'worker', silent);
  await untilReady(admin, 60_000);
});
afterAll(async () => {
  await disconnectRedis(admin);
  await Promise.all([own.remove(), other.remove()]);
});

const urlWith = (credentials: string) => own.url.replace('redis://', `redis://${credentials}@`);

/** Runs the program of an app until it ends by itself. */
function run(app: string, env: NodeJS.ProcessEnv) {
  const main = join(root, 'apps', app, 'src/main.ts');
  return new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=holdfast-source', main],
      {
        cwd: root,
        env: {
          ...processEnv,
          HOLDFAST_ADMIN_KEY: adminKey,
          OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
          PORT: '0',
          CONSOLE_PORT: '0',
          ...env,
        },
        timeout: 120_000,
      },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, output: stdout + stderr }),
    );
  });
}

const errorsIn = (log: string) =>
  log
    .split('\n')
    .filter((line) => /"level":"(warn|error)"/.test(line))
    .map((line) => (JSON.parse(line) as { msg: string }).msg);

describe('a Redis that refuses a process at its start', () => {
  afterEach(() => admin.config('SET', 'requirepass', ''));

  it.each(['api', 'worker', 'console'])('ends %s with 78 and one line: wrong password, none', async (app) => {
    await admin.config('SET', 'requirepass', PASSWORD);
    for (const [credentials, words] of [
      [':wrong-secret', /^Redis refuses the user or the password in REDIS_URL/],
      ['', /^Redis requires a password, and REDIS_URL has none/],
    ] as const) {
      const { code, output } = await run(app, { REDIS_URL: credentials === '' ? own.url : urlWith(credentials) });
      expect(code).toBe(MISCONFIGURED);
      expect(errorsIn(output)).toEqual([expect.stringMatching(words)]);
      expect(output).not.toMatch(/secret|sesame/);
    }
  });

  it.each(['api', 'worker'])('ends %s with 78 and one line: settings, rights', async (app) => {
    await admin.config('SET', 'no-appendfsync-on-rewrite', 'yes');
    const unset = await run(app, { REDIS_URL: own.url });
    await admin.config('SET', 'no-appendfsync-on-rewrite', 'no');
    expect([unset.code, errorsIn(unset.output)]).toEqual([
      MISCONFIGURED,
      [expect.stringContaining('no-appendfsync-on-rewrite is "yes": CONFIG SET no-appendfsync-on-rewrite no')],
    ]);
    await admin.acl('SETUSER', 'narrow', 'on', '>pw', '+@all', '~hf:*', '&*');
    const narrow = await run(app, { REDIS_URL: urlWith('narrow:pw') });
    expect([narrow.code, errorsIn(narrow.output)]).toEqual([
      MISCONFIGURED,
      [expect.stringMatching(/it may not use keys that begin with \{hf:0\}:\. Grant them: ACL SETUSER narrow /)],
    ]);
  });

  it('ends each process with 78 and one line: a replica', async () => {
    await replicate(own, other);
    try {
      for (const app of ['api', 'worker', 'console']) {
        const { code, output } = await run(app, { REDIS_URL: other.url });
        expect(code).toBe(MISCONFIGURED);
        expect(errorsIn(output)).toEqual([expect.stringMatching(/^Redis takes no writes, because it is a replica/)]);
      }
    } finally {
      await promote(other);
    }
  });

  it('ends `npm start`, and is said once', async () => {
    await admin.config('SET', 'requirepass', PASSWORD);
    const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-refused-'));
    const { code, output } = await run('local', {
      REDIS_URL: urlWith(':wrong-secret'),
      SIMULATOR_PORT: '0',
      HOLDFAST_DATA_DIR: dataDir,
      npm_lifecycle_event: 'start',
    });
    rmSync(dataDir, { recursive: true });
    expect(code).toBe(1);
    expect(output.match(/Redis refuses the user or the password in REDIS_URL/g)).toHaveLength(1);
    expect(output).toContain('Holdfast: api does not start (exit code 78).');
    expect(output).not.toMatch(/starting it again|secret|sesame/);
  });
});

describe('a Redis that begins to refuse while jobs run', () => {
  let stack: Stack;
  afterEach(async () => {
    await admin.config('SET', 'requirepass', '');
    await stack?.close();
  });

  /** One try, no retries. */
  async function submit(name: string, sim = 'tokens=2&itl_ms=1&ttft_ms=1') {
    const response = await fetch(`${stack.apiUrl}/v1/jobs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': name },
      body: JSON.stringify(chat(name, sim)),
      signal: AbortSignal.timeout(60_000),
    });
    return { status: response.status, body: (await response.json()) as { id: string; code?: string; detail?: string } };
  }

  const refusedWith = (code: string) =>
    until(`submits are refused with ${code}`, async () => {
      const answer = await submit('refused');
      return answer.status === 503 && answer.body.code === code ? answer : null;
    });

  /** Lines that begin with these words, in the logs of API and worker. */
  const told = (words: string) =>
    (['api', 'worker'] as const).map((name) =>
      stack.running(name).flatMap(({ log }) => errorsIn(log).filter((line) => line.startsWith(words))),
    );

  /** What was submitted before ends; what was refused is accepted again. Processes that were there still are. */
  async function expectRecovery(jobId: string) {
    await until('submits are accepted', async () => (await submit('refused')).status < 300);
    expect(await stack.client.wait(jobId)).toMatchObject({ status: 'completed' });
    expect(stack.services.filter(({ ended }) => ended)).toEqual([]);
  }

  it('with another password answers 503, says so once in each process, and goes on when it is changed back', async () => {
    await admin.config('SET', 'requirepass', PASSWORD);
    stack = await Stack.start({ redisUrl: urlWith(`:${PASSWORD}`) });
    const running = await submit('running', 'tokens=40&itl_ms=50');
    await until('main thread and loop watcher of the worker are connected', async () => {
      const clients = (await admin.call('CLIENT', 'LIST')) as string;
      // This test's own connection has that name, too.
      return (clients.match(/ name=holdfast-worker /g)?.length ?? 0) === 3;
    });
    await admin.config('SET', 'requirepass', 'another-sesame');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes');
    await refusedWith('store_unavailable');
    const words = 'Redis refuses the user or the password in REDIS_URL';
    await until('both have said so', () => told(words).every((lines) => lines.length > 0));
    const [worker] = stack.running('worker');
    const before = worker?.log.length ?? 0;
    // Long enough for some tries of each connection: none may add a line to the worker's log.
    let answers = 0;
    await until('it goes on so', async () => (await submit('refused')).status === 503 && ++answers > 100);
    expect(errorsIn(worker?.log.slice(before) ?? '')).toEqual([]);
    expect(told(words).map((lines) => lines.length)).toEqual([1, 1]);
    await admin.config('SET', 'requirepass', PASSWORD);
    await expectRecovery(running.body.id);
    expect(stack.logs).not.toContain('sesame');
  });

  it('because it has become a replica answers 503, and goes on when it is a master again', async () => {
    stack = await Stack.start({ redisUrl: other.url });
    const running = await submit('running', 'tokens=40&itl_ms=50');
    const onOther = connectRedis(other.url, 'worker', silent);
    try {
      await untilReady(onOther, 60_000);
      // A replica of nobody: it takes no writes, and keeps what it has.
      await onOther.replicaof('127.0.0.1', '1');
      await refusedWith('store_unavailable');
      const words = 'Redis takes no writes, because it is a replica (READONLY)';
      await until('both have said so', () => told(words).every((lines) => lines.length > 0));
      let answers = 0;
      await until('it goes on so', async () => (await submit('refused')).status === 503 && ++answers > 100);
      expect(told(words).map((lines) => lines.length)).toEqual([1, 1]);
      const others = errorsIn(stack.running('worker')[0]?.log ?? '').filter((line) => !line.startsWith(words));
      // Within seconds the running job's lock expires: its attempt is lost, and may say so.
      expect(others.filter((line) => line !== 'attempt over')).toEqual([]);
    } finally {
      await onOther.replicaof('NO', 'ONE');
      await disconnectRedis(onOther);
    }
    await expectRecovery(running.body.id);
  });

  it('because it no longer keeps what is written answers 503 in words, and 202 once it does again', async () => {
    stack = await Stack.start({ redisUrl: own.url });
    const probe = await JournalProbe.open(stack);
    const running = await submit('running', 'tokens=40&itl_ms=50');
    const { counts, answers } = await keptMode.play({ stack, probe }, 60_000).finally(() => probe.close());
    expect(exceeded(keptMode, counts)).toEqual([]);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        code: 'durability_unmet',
        detail: expect.stringMatching(/^The job store is not set up/),
      });
    }
    expect(await stack.metrics()).toMatch(/^holdfast_submits_total\{result="durability_unmet"\} [1-9]/m);
    await expectRecovery(running.body.id);
    // The worker may not have looked meanwhile.
    expect(told('Redis is not set up for DURABILITY=fsync')[0]).toHaveLength(1);
  });

  it('one command answers 503, says which, and goes on when it is permitted', async () => {
    await admin.acl('SETUSER', 'app', 'reset', 'on', '>pw', '+@all', '~*', '&*');
    stack = await Stack.start({ redisUrl: urlWith('app:pw') });
    const running = await submit('running', 'tokens=40&itl_ms=50');
    // Refused before a script begins: nothing is done by half.
    await admin.acl('SETUSER', 'app', '-evalsha');
    await refusedWith('store_unavailable');
    expect(await stack.metrics()).toMatch(/^holdfast_submits_total\{result="store_unavailable"\} [1-9]/m);
    const words =
      'The user of REDIS_URL lacks rights in Redis (NOPERM): it may not run evalsha. Grant them: ACL SETUSER app';
    await until('both have said so', () => told(words).every((lines) => lines.length > 0));
    await admin.acl('SETUSER', 'app', '+evalsha');
    await expectRecovery(running.body.id);
    expect(told(words).map((lines) => lines.length)).toEqual([1, 1]);
  });
});

describe('a user of Redis with the rights that the manual names', () => {
  it('is enough for whole jobs, and every command that they use is one that is checked at the start', async () => {
    const stack = await Stack.start({ redisUrl: own.url, workers: 0 });
    await stack.close();
    const { prefix } = stack;
    const names = [`~${prefix}:*`, `~{${prefix}:0}:*`, `&{${prefix}:0}:*`];
    const rights = ['+@all', '-@admin', '-@dangerous', '+info', '+config|get', ...names];
    await admin.acl('SETUSER', 'app', 'reset', 'on', '>pw', ...rights);
    await admin.config('RESETSTAT');
    const limited = await Stack.start({ redisUrl: urlWith('app:pw'), env: { HOLDFAST_PREFIX: prefix } });
    try {
      await limited.start('console');
      const { job } = await limited.client.submit(chat('limited', 'tokens=200&itl_ms=1&fail=429'));
      await limited.client
        .submit({ ...chat('delayed', 'tokens=2'), delay_ms: 60_000 })
        .then(({ job: { id } }) => limited.client.cancel(id));
      expect(await limited.client.wait(job.id)).toMatchObject({ status: 'completed' });
      const used = [...(await admin.info('commandstats')).matchAll(/^cmdstat_([^:]+):/gm)].map(([, name = '']) => name);
      // Those of this test, and of the handshake of every connection.
      const not = /^(acl|client\|kill|client\|setinfo|config\|resetstat|hello|auth|quit|replconf|psync|select)/;
      const known = [...keyCommands, ...otherCommands, ...channelCommands];
      expect(used.filter((name) => !not.test(name) && !known.includes(name))).toEqual([]);
      expect(errorsIn(limited.logs).filter((line) => /NOPERM|too little/.test(line))).toEqual([]);
    } finally {
      await limited.close();
    }
  });
});
