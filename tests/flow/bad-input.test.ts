/** Submits that must not be accepted: a clear answer each time, at little cost, and nothing enqueued, stopped or leaked. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { badSubmits, marker } from '../stack/bad-submits.ts';
import type { RawRequest } from '../stack/raw-http.ts';
import { bearer, expectProblem, RefusingStack } from '../stack/refusals.ts';
import { apiKey, chat } from '../stack/stack.ts';

let api: RefusingStack;
beforeAll(async () => {
  api = await RefusingStack.start();
});
afterAll(() => api?.close());

describe('a submit', () => {
  const nothing = { paused: false, records: [], own: [], acme: [] };

  it.each(badSubmits.map((row): [string, typeof row] => [row.title, row]))(
    'is refused for %s',
    async (title, { body, headers, status, code, param }) => {
      const request = () => api.send({ method: 'POST', path: '/v1/jobs', headers: headers ?? [], body: body ?? '' });
      expectProblem(await request(), { status, code, param });
      await api.expectCheap(title, request);
    },
  );

  it('is refused when its client stops sending in the middle', async () => {
    const request: RawRequest = {
      method: 'POST',
      path: '/v1/jobs',
      headers: ['content-type: application/json', 'content-length: 5000'],
      body: JSON.stringify(chat('cut', '', marker)),
    };
    const answer = await api.send(request, { halfClose: true });
    expectProblem(answer, { status: 400, code: 'malformed_request' });
  });

  it('leaves nothing behind when it was refused', async () => {
    const { counts, ...rest } = await api.everythingStored();
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(0);
    expect(rest).toEqual(nothing);
  });

  it('is refused under a key that names another body, and the job stays as it was', async () => {
    const first = await api.submit(chat('first', 'tokens=1'), 'idempotency-key: reused');
    expect(first.status).toBe(202);
    for (const other of [
      chat('other', 'tokens=1'),
      { ...chat('first', 'tokens=1'), priority: 1 },
      { ...chat('first', 'tokens=1'), metadata: {} },
    ]) {
      const request = () => api.submit(other, 'idempotency-key: reused');
      expectProblem(await request(), { status: 422, code: 'idempotency_key_reused', param: 'Idempotency-Key' });
      await api.expectCheap('another body', request);
    }
    const { id } = JSON.parse(first.body) as { id: string };
    expect(await api.stack.client.wait(id)).toMatchObject({ status: 'completed' });
    expect((await api.stack.providerCalls('other')).calls).toBe(0);
  });
});

describe('an odd idempotency key', () => {
  const odd = [
    '123',
    '0',
    'a:b',
    'a:b:c',
    'active',
    'delayed',
    'paused',
    'wait',
    'meta',
    'id',
    '*',
    '{x}',
    '__proto__',
    'constructor',
    '../x',
    '/',
    '%00',
    'a  b',
    'k'.repeat(255),
    '-1',
    'null',
    "'",
    'job_',
    ',',
    ';',
    '\\',
  ];

  it.each([...odd, '"quoted \\"x\\" \\\\ y"'])('that is allowed names one job, which completes: %s', async (key) => {
    const header = `idempotency-key: ${key}`;
    const request = chat(`odd ${key}`, 'tokens=1', marker);
    const first = await api.submit(request, header);
    const again = await api.submit(request, header);
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const { id } = JSON.parse(first.body) as { id: string };
    expect(JSON.parse(again.body)).toMatchObject({ id });
    expect(await api.stack.client.wait(id)).toMatchObject({ status: 'completed', provider_calls: 1 });
    const text = key.startsWith('"') ? (JSON.parse(key) as string) : key;
    expect((await api.stack.client.find(text))?.id).toBe(id);
  });

  it('names a job of its own, and no queue was stopped by it', async () => {
    const { own, paused, records } = await api.everythingStored();
    expect(new Set(own).size).toBe(own.length);
    expect(own.length).toBeGreaterThan(odd.length);
    expect(paused).toBe(false);
    // Ids are digests: nothing of a key is in a name.
    for (const name of records) expect(name).toMatch(/^\{[^}]+\}:job:job_[a-z2-7]{32}(?::[a-z]+)?$/);
  });

  it('is a job per tenant', async () => {
    const ids = [];
    for (const key of [apiKey, api.keys.acme]) {
      const { body } = await api.submit(chat('shared', 'tokens=1'), 'idempotency-key: shared', bearer(key));
      ids.push((JSON.parse(body) as { id: string }).id);
    }
    expect(new Set(ids).size).toBe(2);
  });
});

describe('after all of it', () => {
  it('nobody was called for a refused submit, and every accepted job has completed', async () => {
    for (const name of ['cut', 'other']) expect((await api.stack.providerCalls(name)).calls).toBe(0);
    const { data } = await api.stack.client.list({ limit: 100 });
    for (const job of data) expect(await api.stack.client.wait(job.id)).toMatchObject({ status: 'completed' });
  });

  it('the same API process still answers', async () => {
    expect(api.stack.running('api')).toHaveLength(1);
    expect((await api.stack.fetch('/readyz')).status).toBe(200);
  });

  it('no log of any process holds a prompt or a key', () => api.expectCleanLogs());
});
