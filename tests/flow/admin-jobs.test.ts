/** What an operator sees of jobs and does to them, through the console, with real workers. What a viewer never sees. */
import { AdminClient, type AdminJob, type Role } from '@holdfast/admin';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fitting } from '../../apps/console/testing/console.ts';
import { adminKey, chat, freePort, Stack, until } from '../stack/stack.ts';

const SECRET = 'the-secret-prompt';

let stack: Stack;
let consoleUrl: string;
const keys = {} as Record<Role, string>;
let operator: AdminClient;
let admin: AdminClient;
beforeAll(async () => {
  stack = await Stack.start();
  const port = String(await freePort());
  consoleUrl = `http://127.0.0.1:${port}`;
  await stack.start('console', { CONSOLE_PORT: port });
  admin = clientOf(adminKey);
  for (const role of ['viewer', 'operator', 'admin'] as const) {
    keys[role] = (await admin.call('createUser', { body: { name: `the-${role}`, role } })).key;
  }
  operator = clientOf(keys.operator);
});
afterAll(() => stack?.close());

class Refused extends Error {
  readonly code: string;
  readonly param: string | null;

  constructor(code: string, param: string | null, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.param = param;
  }
}

function clientOf(key: string): AdminClient {
  return new AdminClient(async ({ method, path, body }) => {
    const answer = await ask(key, path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (answer.status === 204) return undefined;
    const value = (await answer.json()) as { code: string; param: string | null; detail: string };
    if (!answer.ok) throw new Refused(value.code, value.param, value.detail);
    return fitting(method, path, value);
  });
}

const ask = (key: string, path: string, init: RequestInit = {}) =>
  fetch(consoleUrl + path, {
    ...init,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  });

async function submitted(name: string, sim: string, content = SECRET): Promise<string> {
  return (await stack.client.submit(chat(name, sim, content))).job.id;
}

async function ended(name: string, sim: string): Promise<string> {
  const id = await submitted(name, sim);
  await stack.client.wait(id);
  return id;
}

const actsOn = async (target: string) => {
  const { data } = await admin.call('audit', { query: { target } });
  return data.map(({ user, action, tenant, outcome }) => [user, action, tenant, outcome]);
};

describe('workers and lanes', () => {
  it('are shown as the worker reports itself, and its providers’ health', async () => {
    const viewer = clientOf(keys.viewer);
    const worker = await until('it has reported', async () => (await viewer.call('workers', {})).data[0]);
    expect(worker).toMatchObject({ same_config: true, draining: false, lanes: [{ name: 'default', capacity: 50 }] });
    expect(worker.pid).toBe(stack.running('worker')[0]?.child.pid);
    const [lane] = (await viewer.call('lanes', {})).data;
    expect(lane).toMatchObject({
      name: 'default',
      capacity: 50,
      providers: [{ name: 'main', state: 'healthy', workers: 1 }],
    });
  });
});

describe('an operator', () => {
  it('sees a job of any tenant, its prompt and answer, and its events as clients get them', async () => {
    const id = await ended('seen', 'tokens=5');
    const job = await operator.call('job', { params: { id } });
    expect(job).toMatchObject({ id, tenant: 'default', status: 'completed', from: 'redis', copied_from: null });
    expect(job.timeline?.attempts).toEqual([expect.objectContaining({ attempt: 1, outcome: 'completed' })]);
    expect(job.timeline?.calls).toEqual([expect.objectContaining({ provider: 'main', model: 'sim' })]);
    expect(Number(job.request_size)).toBeGreaterThan(SECRET.length);
    const content = await operator.call('jobContent', { params: { id } });
    expect(JSON.stringify(content.request)).toContain(SECRET);
    expect(content.output_text).toBe((await stack.client.get(id)).output_text);
    expect(content.cut).toEqual([]);

    const theirs = await (await stack.fetch(`/v1/jobs/${id}/events`)).text();
    const ours = await ask(keys.operator, `/admin/v1/jobs/${id}/events`);
    expect(ours.headers.get('content-type')).toContain('text/event-stream');
    expect(await ours.text()).toBe(theirs);
    const rest = await ask(keys.operator, `/admin/v1/jobs/${id}/events?after=2`);
    expect(theirs.endsWith(await rest.text())).toBe(true);
    const none = await ask(keys.operator, `/admin/v1/jobs/${id}/events?after=${job.cursor}`);
    expect(none.status).toBe(204);
    const beyond = await ask(keys.operator, `/admin/v1/jobs/${id}/events?after=${job.cursor + 1}`);
    expect(((await beyond.json()) as { code: string }).code).toBe('invalid_cursor');

    const looks = (await actsOn(id)).filter(([, action]) => action === 'job.read_content');
    expect(looks).toHaveLength(5);
    expect(looks).toContainEqual(['the-operator', 'job.read_content', 'default', 'done']);
  });

  it('cancels a running job', async () => {
    const id = await submitted('cancelled', 'tokens=5&pause_after=1');
    await until('it runs', async () => (await stack.client.get(id)).status === 'running');
    expect(await operator.call('cancelJob', { params: { id } })).toMatchObject({ id, status: 'cancelled' });
    expect(await actsOn(id)).toEqual([['the-operator', 'job.cancel', 'default', 'done']]);
  });

  it('runs a failed job again under its id, and no other', async () => {
    const id = await ended('again', 'fail=400');
    expect((await operator.call('retryJob', { params: { id } })).status).not.toBe('failed');
    await until('it has completed', async () => (await stack.client.get(id)).status === 'completed');
    await expect(operator.call('retryJob', { params: { id } })).rejects.toMatchObject({ code: 'job_not_retryable' });
    expect(await actsOn(id)).toEqual([
      ['the-operator', 'job.retry', 'default', 'job_not_retryable'],
      ['the-operator', 'job.retry', 'default', 'done'],
    ]);
  });

  it('runs a changed copy as a job of its own, which is validated like any submit', async () => {
    const id = await ended('copied', 'status=400');
    const input = chat('copy', 'tokens=3', 'Something else.').input;
    const made = await operator.call('rerunJob', { params: { id }, body: { input, metadata: { why: 'fixed' } } });
    expect(made).toMatchObject({
      tenant: 'default',
      task: 'chat.completions',
      metadata: { why: 'fixed', rerun_of: id },
    });
    expect(made.id).not.toBe(id);
    const done = await stack.client.wait(made.id);
    expect(done.status).toBe('completed');
    expect((await operator.call('job', { params: { id: made.id } })).rerun_of).toBe(id);
    await expect(
      operator.call('rerunJob', { params: { id }, body: { input: { model: 'sim', messages: 'no list' } } }),
    ).rejects.toMatchObject({ code: 'validation_failed', param: expect.stringMatching(/^input\.messages/) });
    const { data } = await admin.call('audit', { query: { target: id, action: 'job.rerun' } });
    expect(data.map(({ outcome, details }) => [outcome, details])).toEqual([
      ['validation_failed', {}],
      ['done', { made: made.id }],
    ]);
  });

  it('is bound by the limits of the tenant whose job it runs again', async () => {
    const id = await ended('limited', 'status=400');
    const { input } = chat('limited-copy', 'tokens=1');
    const codeOfRerun = () =>
      operator.call('rerunJob', { params: { id }, body: { input } }).then(
        () => 'accepted',
        (error: unknown) => (error as Refused).code,
      );
    await admin.call('setTenant', { params: { tenant: 'default' }, body: { limits: { requests_per_minute: 1 } } });
    await until('the limit counts', async () => (await codeOfRerun()) === 'too_many_requests');
    await expect(operator.call('retryJob', { params: { id } })).rejects.toMatchObject({ code: 'too_many_requests' });
    await admin.call('setTenant', { params: { tenant: 'default' }, body: {} });
    await until('the limit is gone', async () => (await codeOfRerun()) === 'accepted');
    await until('for clients too', () => submitted('unlimited', 'tokens=1').catch(() => null));
  });

  it('forgets an ended job, and no other', async () => {
    const id = await ended('forgotten', 'tokens=1');
    const open = await submitted('open', 'tokens=5&pause_after=1');
    await operator.call('deleteJob', { params: { id } });
    await expect(operator.call('job', { params: { id } })).rejects.toMatchObject({ code: 'job_not_found' });
    await expect(stack.client.get(id)).rejects.toMatchObject({ code: 'job_not_found' });
    await expect(operator.call('deleteJob', { params: { id: open } })).rejects.toMatchObject({ code: 'job_not_ended' });
  });

  it('acts on many at once: first dry, then really, with one entry in the audit log', async () => {
    const [failed, other, completed] = [
      await ended('bulk-1', 'status=400'),
      await ended('bulk-2', 'status=400'),
      await ended('bulk-3', 'tokens=1'),
    ];
    const missing = `job_${'a'.repeat(32)}`;
    const ids = [failed, other, completed, missing, failed];
    const entries = async () => (await admin.call('audit', { query: { action: 'jobs.bulk' } })).data;
    const dry = await operator.call('bulk', { body: { action: 'delete', ids, dry_run: true } });
    expect(dry).toMatchObject({ dry_run: true, matched: 3, done: 0, skipped: 0, ids: [failed, other, completed] });
    expect(dry.failed).toEqual([expect.objectContaining({ id: missing, code: 'job_not_found' })]);
    expect(await entries()).toEqual([]);
    expect(await operator.call('job', { params: { id: failed } })).toMatchObject({ status: 'failed' });

    const retried = await operator.call('bulk', { body: { action: 'retry', ids, dry_run: false } });
    expect(retried).toMatchObject({ dry_run: false, matched: 2, done: 2, skipped: 1 });
    await until('both have ended again', async () => {
      const jobs = await Promise.all([failed, other].map((id) => stack.client.get(id)));
      return jobs.every(({ attempt, status }) => attempt === 2 && status === 'failed');
    });
    const deleted = await operator.call('bulk', { body: { action: 'delete', ids, dry_run: false } });
    expect(deleted).toMatchObject({ matched: 3, done: 3, skipped: 0 });
    await expect(operator.call('job', { params: { id: failed } })).rejects.toMatchObject({ code: 'job_not_found' });
    const [last, first, ...none] = await entries();
    expect(none).toEqual([]);
    expect(last?.details).toEqual({ action: 'delete', ids: 5, matched: 3, done: 3, skipped: 0, failed: 1 });
    expect(first?.details).toEqual({ action: 'retry', ids: 5, matched: 2, done: 2, skipped: 1, failed: 1 });
  });
});

describe('a search', () => {
  it('finds jobs of all tenants by what they are, newest first, page by page', async () => {
    await admin.call('setTenant', { params: { tenant: 'elsewhere' }, body: {} });
    const { key } = await admin.call('createKey', { params: { tenant: 'elsewhere' }, body: { scopes: ['submit'] } });
    const theirs = await fetch(`${stack.apiUrl}/v1/jobs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': 'theirs' },
      body: JSON.stringify({ ...chat('theirs', 'status=400'), metadata: { batch: 'b1' } }),
    });
    const { id } = (await theirs.json()) as { id: string };
    const ours = (await stack.client.submit({ ...chat('ours', 'tokens=1'), metadata: { batch: 'b1' } })).job.id;
    await until('both have ended', async () => {
      const found = await operator.call('searchJobs', { query: { 'metadata.batch': 'b1' } });
      return found.data.length === 2 && found.data.every(({ finished_at }) => finished_at !== null);
    });
    const find = async (query: Record<string, string>) =>
      (await operator.call('searchJobs', { query })).data.map((job) => job.id);
    expect(await find({ 'metadata.batch': 'b1' })).toEqual([ours, id]);
    expect(await find({ 'metadata.batch': 'b1', tenant: 'elsewhere' })).toEqual([id]);
    expect(await find({ 'metadata.batch': 'b1', error_code: 'provider_bad_request' })).toEqual([id]);
    expect(await find({ tenant: 'elsewhere', key: 'theirs' })).toEqual([id]);
    expect(await find({ id: ours })).toEqual([ours]);
    expect(await find({ id: 'no-id:*' })).toEqual([]);
    const first = await operator.call('searchJobs', { query: { 'metadata.batch': 'b1', limit: '1' } });
    const rest = await operator.call('searchJobs', {
      query: { 'metadata.batch': 'b1', limit: '1', cursor: first.next_cursor ?? '' },
    });
    expect([first.data[0]?.id, rest.data[0]?.id]).toEqual([ours, id]);
    for (const [query, param] of [
      [{ state: 'failed' }, 'state'],
      [{ status: 'done' }, 'status'],
      [{ limit: '0' }, 'limit'],
      [{ key: 'theirs' }, 'key'],
      [{ created_from: 'yesterday' }, 'created_from'],
      [{ cursor: 'x' }, 'cursor'],
    ] as [Record<string, string>, string][]) {
      await expect(operator.call('searchJobs', { query })).rejects.toMatchObject({ param });
    }
  });

  it('takes no empty filter for an act on many: it would be every job', async () => {
    for (const [filter, param] of [
      [{}, 'filter'],
      [{ tenant: '' }, 'filter.tenant'],
    ] as const) {
      const body = { action: 'delete', filter, dry_run: false } as const;
      await expect(operator.call('bulk', { body })).rejects.toMatchObject({ param });
    }
  });

  it('chooses the jobs of an act on many, page by page', async () => {
    const query = { 'metadata.batch': 'many' };
    for (let at = 0; at < 5; at += 1) {
      await stack.client.submit({ ...chat(`many-${at}`, 'tokens=1'), metadata: { batch: 'many' } });
    }
    await until('all have ended', async () => {
      const { data } = await operator.call('searchJobs', { query });
      return data.length === 5 && data.every(({ status }) => status === 'completed');
    });
    const body = { action: 'delete' as const, filter: { metadata: { batch: 'many' } }, dry_run: false, limit: 3 };
    expect(await operator.call('bulk', { body: { ...body, dry_run: true } })).toMatchObject({ matched: 3, done: 0 });
    const first = await operator.call('bulk', { body });
    expect(first).toMatchObject({ matched: 3, done: 3, next_cursor: expect.any(String) });
    const rest = await operator.call('bulk', { body: { ...body, cursor: first.next_cursor ?? '' } });
    expect(rest).toMatchObject({ matched: 2, done: 2 });
    expect((await operator.call('searchJobs', { query })).data).toEqual([]);
    const [entry] = (await admin.call('audit', { query: { action: 'jobs.bulk' } })).data;
    expect(entry?.details).toMatchObject({ filter: { metadata: { batch: 'many' } }, matched: 2, done: 2 });
  });
});

describe('a viewer', () => {
  it('sees neither prompts and answers, nor messages that may quote them', async () => {
    const id = await ended('hidden', 'status=400');
    const viewer = clientOf(keys.viewer);
    const shown: AdminJob = await viewer.call('job', { params: { id } });
    expect(shown.error?.code).toBe('provider_bad_request');
    expect(shown.error?.message).toBe('Only the roles operator and admin see the message.');
    expect((await operator.call('job', { params: { id } })).error?.message).not.toContain('Only the roles');
    const [listed] = (await viewer.call('searchJobs', { query: { id } })).data;
    expect(listed?.error).toEqual(shown.error);
    for (const path of ['content', 'events']) {
      const answer = await ask(keys.viewer, `/admin/v1/jobs/${id}/${path}`);
      expect([path, answer.status]).toEqual([path, 403]);
    }
  });
});

describe('an open stream of events', () => {
  it.each([
    ['the user is removed', (name: string) => admin.call('deleteUser', { params: { name } })],
    [
      'the user becomes a viewer',
      (name: string) => admin.call('changeUser', { params: { name }, body: { role: 'viewer' } }),
    ],
  ])('ends when %s', async (_when, change) => {
    const name = `leaving-${Math.random().toString(36).slice(2)}`;
    const { key } = await admin.call('createUser', { body: { name, role: 'operator' } });
    const id = await submitted(name, 'tokens=5&pause_after=1');
    const stream = await ask(key, `/admin/v1/jobs/${id}/events`);
    expect(stream.status).toBe(200);
    await change(name);
    const text = await stream.text().catch(() => 'cut');
    expect(text).not.toContain('job.completed');
    await stack.goOn(name);
  });
});

describe('failures', () => {
  it('name their newest jobs, without messages for a viewer, which may quote a prompt', async () => {
    const id = await ended('counted', 'status=400');
    const failuresFor = async (role: Role) =>
      (await clientOf(keys[role]).call('failures', { query: { range: '1h' } })).groups;
    const group = await until('it is counted', async () =>
      (await failuresFor('viewer')).find(({ newest }) => newest[0]?.id === id),
    );
    expect(group).toMatchObject({ code: 'provider_bad_request', provider: 'main', lane: 'default' });
    expect(group.newest[0]).toMatchObject({ tenant: 'default', task: 'chat.completions' });
    expect(group.newest.map(({ message }) => message)).toEqual(
      group.newest.map(() => 'Only the roles operator and admin see the message.'),
    );
    const [shown] = await failuresFor('operator');
    expect(shown?.newest[0]?.message).not.toContain('Only the roles');
  });
});
