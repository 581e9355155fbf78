/** The `holdfast` command as people run it: a process of its own, against real processes of everything else. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '@holdfast/client';
import { createTenants } from '@holdfast/gate';
import { connectRedis, disconnectRedis } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HoldfastCommand, type Run } from '../stack/holdfast-command.ts';
import { adminKey, apiKey, chat, freePort, Stack, until } from '../stack/stack.ts';

// cspell:ignore stauts submitt

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const nowhere = 'http://127.0.0.1:9';
let stack: Stack;
let consoleUrl: string;
let command: HoldfastCommand;
let dataDir: string;

beforeAll(async () => {
  const port = String(await freePort());
  stack = await Stack.start({ config: () => ({ plans: { small: { requests_per_minute: 60 } } }) });
  await stack.start('console', { CONSOLE_PORT: port });
  dataDir = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
  consoleUrl = `http://127.0.0.1:${port}`;
  command = new HoldfastCommand({
    HOLDFAST_URL: stack.apiUrl,
    HOLDFAST_CONSOLE_URL: consoleUrl,
    HOLDFAST_DATA_DIR: dataDir,
    HOLDFAST_API_KEY: apiKey,
    HOLDFAST_ADMIN_KEY: adminKey,
  });
});
afterAll(async () => {
  rmSync(dataDir, { recursive: true, force: true });
  await stack?.close();
});

const start = (args: string[], more: NodeJS.ProcessEnv = {}, input = '') => command.start(args, more, input);
const holdfast = (...args: string[]): Promise<Run> => command.run(...args);
const json = <Value>(...args: string[]): Promise<Value> => command.json(...args);
const inputFor = (name: string, sim: string) => JSON.stringify(chat(name, sim).input);

async function submitWith(key: string): Promise<number> {
  const response = await stack.fetch('/v1/jobs', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(chat('cli-limits', 'tokens=1')),
  });
  return response.status;
}

describe('holdfast tenants and keys', () => {
  it('make a tenant and a key; the limits that are set count soon, and can be taken off again', async () => {
    await json('tenants', 'set', 'acme', '--requests-per-minute', '1000', '--budget-day', '2.5');
    expect(await json('tenants', 'get', 'acme')).toMatchObject({
      plan: null,
      limits: { requests_per_minute: 1000, budget_usd: { day: 2.5 } },
    });
    const made = await holdfast('keys', 'create', 'acme', '--scope', 'submit', '--scope', 'read');
    const key = made.stdout.trim();
    expect(key).toMatch(/^hold_\w{20,}$/);
    expect(await submitWith(key)).toBe(202);

    await json('tenants', 'set', 'acme', '--requests-per-minute', '1');
    await until('it is refused', async () => (await submitWith(key)) === 429);
    const refused = await start(['submit', 'chat.completions', '--input', inputFor('cli', 'tokens=1')], {
      HOLDFAST_API_KEY: key,
    }).ended;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^holdfast: .*Try again in \d+ s\. \(too_many_requests\)\n$/);

    await json('tenants', 'set', 'acme', '--no-limits');
    await until('it is let in', async () => (await submitWith(key)) === 202);
    const listed = await holdfast('tenants', 'list');
    expect(listed.stdout).toMatch(/^TENANT +PLAN +LIMITS +CREATED\nacme +– +none +20\S+Z\n/);
  });

  it('say of a tenant that its plan is gone from the config file', async () => {
    const redis = connectRedis(stack.env.REDIS_URL ?? '', 'worker', silent);
    await createTenants({ redis, prefix: stack.prefix }).put('stranded', { plan: 'gone' });
    await disconnectRedis(redis);
    const { stdout } = await holdfast('tenants', 'list');
    expect(stdout).toMatch(/^stranded +gone +unknown, all submits are refused: the config file lacks the plan /m);
  });

  it('put a tenant on a plan of the config file, and name the plans where there is none such', async () => {
    expect(await json('tenants', 'set', 'planned', '--plan', 'small')).toMatchObject({ plan: 'small', limits: null });
    const { code, stderr } = await holdfast('tenants', 'set', 'planned', '--plan', 'large');
    expect([code, stderr]).toEqual([
      1,
      'holdfast: plan: the config file has no plan "large". Plans: small. (validation_failed)\n',
    ]);
  });

  it('rotate a key, with a grace, and revoke it; none is ever shown again', async () => {
    await json('tenants', 'set', 'keyed', '--no-limits');
    const first = await json<{ id: string; key: string }>('keys', 'create', 'keyed', '--scope', 'submit');
    const second = await json<{ id: string; key: string }>('keys', 'rotate', 'keyed', first.id, '--grace', '3600');
    expect(await submitWith(first.key)).toBe(202);
    expect(await submitWith(second.key)).toBe(202);
    const keys = await json<{ id: string; expires_at: string | null }[]>('keys', 'list', 'keyed');
    expect(keys.map(({ id, expires_at }) => [id, expires_at !== null])).toEqual([
      [first.id, true],
      [second.id, false],
    ]);
    expect((await holdfast('keys', 'revoke', 'keyed', second.id)).stdout).toBe(`${second.id} is revoked.\n`);
    await until('it is refused', async () => (await submitWith(second.key)) === 401);
    const shown = `${(await holdfast('keys', 'list', 'keyed')).stdout}${JSON.stringify(keys)}`;
    expect([first.key, second.key].filter((key) => shown.includes(key))).toEqual([]);
    expect((await holdfast('keys', 'revoke', 'keyed', second.id)).stderr).toContain('(key_not_found)');
  });
});

describe('holdfast lanes', () => {
  it('pause, resume and limit a lane, and go back to the limits of the config file', async () => {
    expect(await json('lanes', 'pause', 'default')).toMatchObject({ name: 'default', paused: true });
    expect(await json('lanes', 'resume', 'default')).toMatchObject({ paused: false });
    const limited = await json('lanes', 'limit', 'default', '--max-running', '7');
    expect(limited).toMatchObject({ limits: { max_running: 7 }, limits_from: 'admin' });
    expect(await json('lanes', 'limit', 'default', '--reset')).toMatchObject({ limits: {}, limits_from: 'config' });
    expect((await holdfast('lanes', 'list')).stdout).toMatch(/^LANE +STATE .*\ndefault +open /);
  });
});

describe('holdfast workers, failures, audit and usage', () => {
  it('show who runs jobs, what fails, who has done what, and what a tenant has spent', async () => {
    const { job } = await stack.client.submit(chat('cli-bad', 'status=400'));
    await stack.client.wait(job.id);
    expect((await holdfast('workers')).stdout).toMatch(/takes jobs +default \d+\/\d+/);
    await until('the failure is counted', async () =>
      (await holdfast('failures', '--range', '1h')).stdout.includes('provider_bad_request'),
    );
    expect((await holdfast('audit')).stdout).toMatch(/admin +lane\.change/);
    expect(await json('usage', '--tenant', 'default')).toMatchObject({ object: 'usage' });
  });
});

describe('holdfast submit and follow', () => {
  it('print the text as it comes, from the beginning each time, and end as the job does', async () => {
    const input = inputFor('cli-follow', 'tokens=40&seed=7&itl_ms=5&pause_after=20');
    const submit = start(['submit', 'chat.completions', '--input', '-', '--key', 'followed', '--follow'], {}, input);
    await until('text has come', () => submit.seen.stdout.length > 20);
    expect(submit.seen.code).toBeNull();
    await stack.goOn('cli-follow');
    const { code, stdout, stderr } = await submit.ended;
    const [id = ''] = /job_\w+/.exec(stderr) ?? [];
    const job = await json<{ status: string; output_text: string }>('get', id);
    expect(job.status).toBe('completed');
    expect([code, stdout]).toEqual([0, `${job.output_text}\n`]);
    expect((await holdfast('follow', id)).stdout).toBe(stdout);
    const events = (await holdfast('follow', id, '--json')).stdout.trim().split('\n');
    expect(events.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(events.map((_, at) => at + 1));

    const again = await holdfast('submit', 'chat.completions', '--input', input, '--key', 'followed');
    expect(again.stderr).toBe(`${id} exists already.\n`);
    expect((await holdfast('list', '--limit', '1')).stdout).toContain(id);
  });

  it('submits with all that a request may say, and deletes what has ended', async () => {
    const said = ['--metadata', 'order=42', '--metadata', 'note=a=b', '--priority', '-5', '--cache', '60'];
    const policies = ['--on-ambiguous', 'fail', '--on-provider-switch', 'fail', '--deadline', '60000'];
    const input = inputFor('cli-options', 'tokens=2');
    const submit = (...more: string[]) =>
      json<{ id: string }>('submit', 'chat.completions', '--input', input, ...said, ...policies, ...more);
    const { id } = await submit('--key', 'optioned');
    const metadata = { order: '42', note: 'a=b' };
    await until('it ends', async () => (await json<Job>('get', id)).status === 'completed');
    expect(await json('get', id)).toMatchObject({ metadata, usage: { cached: false } });
    // The server compares all of a body: what the options said is what it got.
    const request = { ...chat('cli-options', 'tokens=2'), metadata, priority: -5, cache: { ttl_s: 60 } };
    const sent = { ...request, on_ambiguous: 'fail', on_provider_switch: 'fail', deadline_ms: 60_000 } as const;
    expect(await stack.client.submit(sent, { idempotencyKey: 'optioned' })).toMatchObject({ replayed: true });

    const equal = await submit();
    await until('it ends', async () => (await json<Job>('get', equal.id)).status === 'completed');
    expect(await json('get', equal.id)).toMatchObject({ usage: { cached: true } });

    expect((await holdfast('delete', id)).stdout).toBe(`${id} is deleted.\n`);
    expect((await holdfast('get', id)).stderr).toContain('(job_not_found)');
    const later = await json<Job>('submit', 'chat.completions', '--input', input, '--no-cache', '--delay', '60000');
    expect(await json('get', later.id)).toMatchObject({ status: 'queued', attempt: 0 });
    expect((await holdfast('delete', later.id)).stderr).toMatch(/^holdfast: .*\n$/);
    await holdfast('cancel', later.id);
    expect(await json('delete', later.id)).toEqual({ id: later.id, deleted: true });
  });

  it('say why a job failed, and that it was cancelled, by text and exit code', async () => {
    const input = inputFor('cli-failed', 'tokens=5&status=400');
    const failed = await holdfast('submit', 'chat.completions', '--input', input, '--follow');
    expect(failed.code).toBe(3);
    expect(failed.stderr).toContain('(provider_bad_request)');

    const slow = inputFor('cli-cancelled', 'tokens=500&itl_ms=100');
    const { id } = await json<{ id: string }>('submit', 'chat.completions', '--input', slow);
    const follow = start(['follow', id]);
    await until('text has come', () => follow.seen.stdout.length > 0);
    expect((await holdfast('cancel', id)).code).toBe(0);
    const cancelled = await follow.ended;
    expect([cancelled.code, cancelled.stderr]).toEqual([4, 'The job was cancelled.\n']);
  });

  it('follow a job through the end of the API and its new start', async () => {
    const input = inputFor('cli-reconnect', 'tokens=60&seed=3&itl_ms=5&pause_after=30');
    const submit = start(['submit', 'chat.completions', '--input', input, '--follow']);
    await until('text has come', () => submit.seen.stdout.length > 20);
    await stack.running('api')[0]?.end('SIGKILL');
    await until('it says so', () => submit.seen.stderr.includes('Reconnecting'));
    await stack.start('api');
    await stack.goOn('cli-reconnect');
    const { code, stdout, stderr } = await submit.ended;
    const [id = ''] = /job_\w+/.exec(stderr) ?? [];
    expect([code, stdout]).toEqual([0, `${(await stack.client.get(id)).output_text}\n`]);
  });

  it('usage and tasks say what was spent and what may be submitted', async () => {
    expect((await holdfast('usage')).stdout).toMatch(/^limits +none\n.*\ntoday +\S+ USD spent\n/);
    expect((await holdfast('tasks')).stdout).toMatch(/\nchat\.completions +\S/);
  });
});

describe('holdfast', () => {
  it('says its version', async () => {
    const manifest = readFileSync(join(import.meta.dirname, '../../apps/cli/package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    for (const option of ['--version', '-V']) {
      expect(await holdfast(option)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    }
  });

  it('understands addresses without http:// on this machine, and those that name the API', async () => {
    const { host } = new URL(stack.apiUrl);
    const console = new URL(consoleUrl);
    for (const url of [host, `${stack.apiUrl}/v1`, `${host}/v1/`]) {
      expect((await start(['tasks'], { HOLDFAST_URL: url }).ended).stdout).toContain('chat.completions');
    }
    expect((await holdfast('tasks', '--url', `${host}/v1`)).stdout).toContain('chat.completions');
    for (const url of [console.host, `${console.host}/admin/v1/`]) {
      expect((await holdfast('lanes', 'list', '--console-url', url)).stdout).toContain('default');
    }
  });
});

describe('holdfast, used wrongly', () => {
  it('ends with 2 and says on stderr what is wrong', async () => {
    const { code, stdout, stderr } = await holdfast('tenants', 'set', 'acme', '--max-running', 'many');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: option '--max-running <n>' argument 'many' is invalid\./);
    const setting = await start(['tasks'], { HOLDFAST_URL: 'nowhere' }).ended;
    const message = 'HOLDFAST_URL: it has no scheme; write https://nowhere (or http://nowhere)';
    expect([setting.code, setting.stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('names the nearest command or option where one has a typo', async () => {
    const command = await holdfast('submitt', 'chat.completions');
    expect(command).toEqual({
      code: 2,
      stdout: '',
      stderr: "error: unknown command 'submitt'\n(Did you mean submit?)\n(--help says more)\n",
    });
    expect((await holdfast('list', '--stauts=failed')).stderr).toContain('(Did you mean --status?)');
  });

  it('says in a sentence what it could not do', async () => {
    const noObject = await holdfast('submit', 'chat.completions', '--input', '[1]');
    expect([noObject.code, noObject.stderr]).toEqual([1, expect.stringMatching(/^holdfast: --input: .* JSON object/)]);
    const noFile = await holdfast('submit', 'chat.completions', '--input', `@${dataDir}/none.json`);
    expect(noFile.stderr).toMatch(/^holdfast: --input: .*none\.json can't be read \(ENOENT\)\.\n$/);
    const unknown = await start(['lanes', 'list'], { HOLDFAST_ADMIN_KEY: 'hold_admin_of_another_copy' }).ended;
    expect(unknown.stderr).toMatch(/^holdfast: .*HOLDFAST_ADMIN_KEY\)\. \(unauthenticated\)\n$/);
    expect(unknown.stderr).not.toContain('another_copy');
    const unreached = await holdfast('get', 'job_1', '--url', nowhere);
    expect([unreached.code, unreached.stderr]).toEqual([1, expect.stringMatching(/^holdfast: The connection .*\n$/)]);
    const nobody = await holdfast('keys', 'create', 'nobody', '--scope', 'read');
    expect(nobody.stderr).toMatch(/^holdfast: .* `holdfast tenants set` creates it\. \(tenant_not_found\)\n$/);
    expect((await holdfast('get', 'job_1')).stderr).toMatch(/^holdfast: .*\(job_not_found\)\n$/);
  });

  it("takes the keys of this machine's own copy from its data directory, and sends them nowhere else", async () => {
    const without = { HOLDFAST_ADMIN_KEY: '', HOLDFAST_API_KEY: '' };
    const noKey = await start(['lanes', 'list'], without).ended;
    expect([noKey.code, noKey.stderr]).toEqual([1, expect.stringMatching(/HOLDFAST_ADMIN_KEY is not set/)]);
    writeFileSync(join(dataDir, 'keys.json'), JSON.stringify({ bootstrap_key: apiKey, admin_key: adminKey }));
    expect((await start(['lanes', 'list'], without).ended).code).toBe(0);
    expect((await start(['tasks'], without).ended).code).toBe(0);
    const elsewhere = await start(['lanes', 'list', '--console-url', 'http://console.invalid'], without).ended;
    expect(elsewhere.stderr).toContain('A stored key is sent to this machine only');
  });
});
