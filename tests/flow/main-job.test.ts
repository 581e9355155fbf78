/** The main job, whole: submit, run, refresh, re-attach. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chat, Stack, until } from '../stack/stack.ts';

// cspell:ignore fial xyzzy

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ workers: 2 });
});
afterAll(() => stack?.close());

const lastOf = (text: string) =>
  Number(
    text
      .match(/^id: (\d+)$/gm)
      ?.at(-1)
      ?.slice(4) ?? 0,
  );

/** The stream's bytes from a cursor on, comments left out; breaks off after `most` events. */
async function read(id: string, after: number, most = Number.POSITIVE_INFINITY): Promise<string> {
  const response = await stack.fetch(`/v1/jobs/${id}/events`, {
    headers: after ? { 'last-event-id': String(after) } : {},
  });
  if (response.status === 204) return '';
  expect(response.status).toBe(200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    text += value ?? '';
    const events = text.split(/(?<=\n\n)/).filter((event) => event.endsWith('\n\n') && !event.startsWith(':'));
    if (done) return events.join('');
    if (events.length >= most) {
      await reader?.cancel();
      return events.slice(0, most).join('');
    }
  }
}

describe('one job', () => {
  it('streams from the provider to whoever attaches, and is whole in the end', async () => {
    const { job } = await stack.client.submit(chat('whole', 'tokens=30&itl_ms=5&seed=1'));
    let text = '';
    const types: string[] = [];
    for await (const event of stack.client.attach(job.id)) {
      types.push(event.type);
      if (event.type === 'text.delta') text += event.data.text;
    }
    expect(types.slice(0, 3)).toEqual(['job.accepted', 'attempt.started', 'provider.event']);
    expect(types.at(-1)).toBe('job.completed');
    const ended = await stack.client.get(job.id);
    expect(ended).toMatchObject({ status: 'completed', attempt: 1, provider_calls: 1, output_text: text });
    expect(ended.usage).toMatchObject({ output_tokens: 30, cached: false });
    expect(ended.cursor).toBe(types.length);
    expect(ended.output).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: text } }] });
  });

  it('gives the same bytes when the stream is broken off after every single event and resumed', async () => {
    const { job } = await stack.client.submit(chat('resumed', 'tokens=25&itl_ms=15&seed=2'));
    let pieces = '';
    while (!/event: job\.completed/.test(pieces)) pieces += await read(job.id, lastOf(pieces), 1);
    const whole = await read(job.id, 0);
    expect(pieces).toBe(whole);
    expect(whole.match(/^id: /gm)?.length).toBeGreaterThan(25);
    expect(await read(job.id, lastOf(whole))).toBe('');
    expect((await stack.providerCalls('resumed')).calls).toBe(1);
  });

  it('is one, and called for once, when 200 equal posts come at once', async () => {
    const body = JSON.stringify(chat('two hundred', 'tokens=5&itl_ms=5'));
    const post = (key: string) =>
      stack.fetch('/v1/jobs', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
      });
    // Every other one in quotes, as the IETF draft has it: the same key.
    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, at) => post(at % 2 ? '"two hundred"' : 'two hundred')),
    );
    const statuses = responses.map((response) => response.status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(statuses.filter((status) => status === 200)).toHaveLength(199);
    const replayed = responses.filter((response) => response.headers.get('idempotent-replayed') === 'true');
    expect(replayed).toHaveLength(199);
    const jobs = (await Promise.all(responses.map((response) => response.json()))) as {
      id: string;
      created_at: string;
    }[];
    expect(new Set(jobs.map(({ id, created_at }) => `${id} ${created_at}`)).size).toBe(1);
    await stack.client.wait(jobs[0]?.id ?? '');
    expect((await stack.providerCalls('two hundred')).calls).toBe(1);
  });

  it('takes the same request in other spacing and order for the same, and another one for another', async () => {
    const request = { ...chat('spacing', 'tokens=3'), metadata: { a: '1', b: '2' } };
    const { job } = await stack.client.submit(request, { idempotencyKey: 'spacing' });
    const turned = { metadata: { b: '2', a: '1' }, input: request.input, task: request.task };
    const send = (body: string) =>
      stack.fetch('/v1/jobs', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'idempotency-key': 'spacing' },
      });
    const again = await send(JSON.stringify(turned, null, 2));
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ id: job.id });
    const other = await send(JSON.stringify({ ...request, priority: 1 }));
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ code: 'idempotency_key_reused', param: 'Idempotency-Key' });
  });
});

describe('many jobs', () => {
  it('are shared by the worker processes', async () => {
    // More at once than one process takes.
    const submitted = Array.from({ length: 60 }, (_, at) =>
      stack.client.submit(chat('shared', `tokens=4&pause_after=2&seed=${at}`)),
    );
    const ids = (await Promise.all(submitted)).map(({ job }) => job.id);
    await until('all are called for', async () => (await stack.providerCalls('shared')).calls === ids.length);
    await stack.goOn('shared');
    const ended = await Promise.all(ids.map((id) => stack.client.wait(id)));
    expect(ended.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
    for (const worker of stack.running('worker')) {
      await until('it has logged some of them', () => ids.some((id) => worker.log.includes(id)));
    }
  });
});

describe('polling', () => {
  it('holds until the end with ?wait=, and answers 304 while nothing changed', async () => {
    const { job } = await stack.client.submit(chat('wait', 'tokens=10&itl_ms=20'));
    const waited = await stack.fetch(`/v1/jobs/${job.id}?wait=20`);
    expect(await waited.json()).toMatchObject({ status: 'completed' });
    const etag = waited.headers.get('etag') ?? '';
    const again = await stack.fetch(`/v1/jobs/${job.id}`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  it('answers with the job as it is when the wait is over before the job', async () => {
    const { job } = await stack.client.submit(chat('short wait', 'tokens=10&pause_after=5'));
    const waited = await stack.fetch(`/v1/jobs/${job.id}?wait=0.2`);
    expect(((await waited.json()) as { status: string }).status).toMatch(/queued|running/);
    await stack.client.cancel(job.id);
  });
});

describe('the built-in tasks', () => {
  it('pass unknown members through, stream whatever the client said, and keep what the provider answered', async () => {
    const input = {
      model: 'sim',
      input: 'Hello.',
      stream: false,
      x_unknown: { kept: true },
      metadata: { case: 'resp', sim: 'tokens=8' },
    };
    const { job } = await stack.client.submit({ task: 'responses', input });
    const ended = await stack.client.wait(job.id);
    expect(ended).toMatchObject({ status: 'completed', output: { object: 'response', status: 'completed' } });
    expect(ended.output_text?.length).toBeGreaterThan(5);
    expect(ended.cursor).toBeGreaterThan(10);
  });

  it('answer embeddings as the provider did', async () => {
    const { job } = await stack.client.submit({ task: 'embeddings', input: { model: 'sim-embed', input: ['a', 'b'] } });
    const ended = await stack.client.wait(job.id);
    expect(ended.output).toMatchObject({ object: 'list', data: [{ index: 0 }, { index: 1 }] });
    expect(ended).toMatchObject({ status: 'completed', output_text: null });
  });
});

describe('retries', () => {
  it('try again after 429 no earlier than asked, and after a cut stream, and drop the broken text', async () => {
    const { job } = await stack.client.submit(
      chat('retried', 'tokens=12&itl_ms=5&fail=429,cut&cut_after=6&retry_after=1'),
    );
    const failures: string[] = [];
    let text = '';
    for await (const snapshot of stack.client.stream(job.id)) {
      text = snapshot.text;
      if (snapshot.event.type === 'attempt.failed') failures.push(snapshot.event.data.error.code);
    }
    expect(failures).toEqual(['provider_rate_limited', 'provider_stream_cut']);
    const ended = await stack.client.get(job.id);
    expect(ended).toMatchObject({ status: 'completed', attempt: 3, provider_calls: 3, output_text: text });
    expect((await stack.providerCalls('retried')).calls).toBe(3);
    expect(Date.parse(ended.finished_at ?? '') - Date.parse(ended.created_at)).toBeGreaterThan(1_000);
  });

  it('do not repeat what the provider refused for good', async () => {
    for (const [status, code] of [
      [400, 'provider_bad_request'],
      [401, 'provider_unauthorized'],
      [404, 'provider_not_found'],
    ] as const) {
      const { job } = await stack.client.submit(chat(`refused ${status}`, `status=${status}`));
      const ended = await stack.client.wait(job.id);
      expect(ended).toMatchObject({ status: 'failed', error: { code, retryable: false, status }, provider_calls: 1 });
    }
  });

  it('run a failed job again under its id when asked, its journal going on', async () => {
    const { job } = await stack.client.submit(chat('run again', 'tokens=5&fail=400'));
    expect((await stack.client.wait(job.id)).status).toBe('failed');
    await stack.client.retry(job.id);
    const ended = await stack.client.wait(job.id);
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, error: null });
    const types: string[] = [];
    for await (const event of stack.client.attach(job.id)) types.push(event.type);
    expect(types.filter((type) => type.startsWith('job.'))).toEqual([
      'job.accepted',
      'job.failed',
      'job.accepted',
      'job.completed',
    ]);
    await expect(stack.client.retry(job.id)).rejects.toMatchObject({ code: 'job_not_retryable' });
  });
});

describe('orders to the simulator that name no case', () => {
  it.each(['first', 'second'])('hold for each job by itself: the %s fails once, as it was ordered to', async () => {
    const { task, input } = chat('', 'tokens=5&fail=400');
    const request = { task, input: { ...input, metadata: { sim: input.metadata.sim } } };
    const { job } = await stack.client.submit(request);
    expect(await stack.client.wait(job.id)).toMatchObject({ status: 'failed', error: { status: 400 } });
    await stack.client.retry(job.id);
    expect((await stack.client.wait(job.id)).status).toBe('completed');
    expect(await stack.providerCalls(job.id)).toMatchObject({ calls: 2, completed: 1 });
  });

  it('are refused where the simulator doesn’t know them, and it says which it knows', async () => {
    const { job } = await stack.client.submit(chat('misspelled', 'tokens=5&fial=400'));
    const { status, error } = await stack.client.wait(job.id);
    expect(status).toBe('failed');
    expect(error?.message).toMatch(/Unknown instruction 'fial' in metadata\.sim\. Expected some of .*\bfail\b/);
  });
});

describe('deadline and delay', () => {
  it('fail a job that has not ended in time, and stop paying for it', async () => {
    // On a busy machine no text comes so soon: it is given more time then.
    for (let [deadline_ms, text] = [500, '']; text === ''; deadline_ms *= 2) {
      const request = { ...chat(`deadline ${deadline_ms}`, 'tokens=20&itl_ms=5&pause_after=10'), deadline_ms };
      const { job } = await stack.client.submit(request);
      const ended = await stack.client.wait(job.id);
      expect(ended).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' } });
      text = ended.output_text ?? '';
      if (text !== '') expect(await stack.providerCalls(`deadline ${deadline_ms}`)).toMatchObject({ completed: 0 });
    }
  });

  it('begin a delayed job no earlier than asked', async () => {
    const { job } = await stack.client.submit({ ...chat('delayed', 'tokens=2'), delay_ms: 700 });
    const ended = await stack.client.wait(job.id);
    expect(Date.parse(ended.started_at ?? '') - Date.parse(ended.created_at)).toBeGreaterThanOrEqual(690);
  });
});

describe('cancel', () => {
  it('reaches a job that streams, aborts the provider call, and keeps the text', async () => {
    const { job } = await stack.client.submit(chat('cancel streaming', 'tokens=20&itl_ms=5&pause_after=10'));
    for await (const event of stack.client.attach(job.id)) if (event.type === 'text.delta') break;
    await stack.client.cancel(job.id);
    const cancelled = await stack.client.wait(job.id);
    expect(cancelled).toMatchObject({ status: 'cancelled', error: null });
    expect(cancelled.output_text?.length).toBeGreaterThan(0);
    await until('its call is ended', async () => (await stack.providerCalls('cancel streaming')).aborted === 1);
    expect(await stack.client.cancel(job.id)).toMatchObject({ status: 'cancelled' });
  });

  it('reaches a job that waits for a retry', async () => {
    const { job } = await stack.client.submit(chat('cancel retry', 'tokens=5&fail=429,429,429&retry_after=3'));
    for await (const event of stack.client.attach(job.id)) if (event.type === 'attempt.failed') break;
    expect(await stack.client.cancel(job.id)).toMatchObject({ status: 'cancelled', retry_at: null });
    expect((await stack.providerCalls('cancel retry')).calls).toBe(1);
  });

  it('reaches a job that waits for its time', async () => {
    const { job } = await stack.client.submit({ ...chat('cancel delayed', 'tokens=5'), delay_ms: 60_000 });
    expect(await stack.client.cancel(job.id)).toMatchObject({ status: 'cancelled', started_at: null });
    expect((await stack.providerCalls('cancel delayed')).calls).toBe(0);
  });
});

describe('list and delete', () => {
  it('lists newest first with filters and cursors, finds by key, and forgets', async () => {
    const metadata = { batch: 'listing' };
    const ids: string[] = [];
    for (let at = 0; at < 5; at++) {
      const { job } = await stack.client.submit(
        { ...chat(`list ${at}`, 'tokens=1'), metadata },
        { idempotencyKey: `list ${at}` },
      );
      ids.push(job.id);
    }
    const seen: string[] = [];
    for await (const job of stack.client.listAll({ metadata, limit: 2 })) seen.push(job.id);
    expect(seen).toEqual(ids.toReversed());
    const [first = ''] = ids;
    expect((await stack.client.find('list 0'))?.id).toBe(first);
    await stack.client.wait(first);
    await stack.client.delete(first);
    await expect(stack.client.get(first)).rejects.toMatchObject({ status: 404, code: 'job_not_found' });
    expect(await stack.client.find('list 0')).toBeNull();
  });
});

describe('logs', () => {
  it('hold no prompt, no answer and no key', async () => {
    const secret = 'xyzzy-secret-prompt';
    const { job } = await stack.client.submit(chat('secret', 'tokens=5&fail=500,400', secret));
    const { output_text } = await stack.client.wait(job.id);
    const ends = () => stack.logs.split('\n').filter((line) => line.includes(job.id) && line.includes('attempt over'));
    await until('both attempts are in the log', () => ends().length === 2);
    expect(stack.logs).not.toContain(secret);
    expect(stack.logs).not.toContain('hold_test');
    expect(output_text).toBeNull();
  });
});
