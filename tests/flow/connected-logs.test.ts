/** One job in the logs of two processes: who finds one line finds the other, and what the job took and cost. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apiKey, chat, type ServiceName, Stack, until } from '../stack/stack.ts';

const prices = { sim: { input_usd_per_million: 1_000, output_usd_per_million: 2_000 } };

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ env: { LOG_LEVEL: 'debug' }, config: () => ({ prices }) });
});
afterAll(() => stack?.close());

async function submit(name: string, sim: string, headers: Record<string, string> = {}, more: object = {}) {
  const response = await fetch(`${stack.apiUrl}/v1/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...chat(name, sim), ...more }),
  });
  return { id: ((await response.json()) as { id: string }).id, requestId: response.headers.get('x-request-id') };
}

type Line = Record<string, unknown> & { msg: string };

async function linesOf(name: ServiceName, jobId: string, msg: string, count = 1): Promise<Line[]> {
  const lines = () =>
    stack
      .running(name)
      .flatMap(({ log }) => log.split('\n').slice(0, -1))
      .map((line) => JSON.parse(line) as Line)
      .filter((line) => line.msg === msg && line.jobId === jobId);
  return until(`${name} has logged "${msg}"`, () => (lines().length >= count ? lines() : null));
}

describe('the log lines of a job', () => {
  it('have its id, its tenant and the id of the request that submitted it, in API and worker', async () => {
    const { id, requestId } = await submit('connected', 'tokens=20&itl_ms=5', { 'x-request-id': 'web-42.a' });
    expect(requestId).toBe('web-42.a');
    const [submitted] = await linesOf('api', id, 'request');
    expect(submitted).toMatchObject({ req: { id: 'web-42.a', method: 'POST', path: '/v1/jobs' }, tenant: 'default' });
    const [over] = await linesOf('worker', id, 'attempt over');
    const { usage } = await stack.client.wait(id);
    expect(over).toMatchObject({
      jobId: id,
      tenant: 'default',
      requestId: 'web-42.a',
      attempt: 1,
      outcome: 'completed',
      model: 'sim',
      inputTokens: usage?.input_tokens,
      outputTokens: 20,
      costUsd: usage?.cost_usd,
    });
    expect(over?.costUsd).toBeGreaterThan(0);
    // 20 tokens at 5 ms each; no job waits for minutes here.
    expect(over?.ms).toBeGreaterThan(90);
    expect(over?.waitedMs).toBeGreaterThanOrEqual(0);
    expect(over?.waitedMs).toBeLessThan(60_000);
  });

  it('have the id that was made for a request without one, cut off where a client made it long', async () => {
    const made = await submit('made', 'tokens=1');
    expect((await linesOf('worker', made.id, 'attempt over'))[0]).toMatchObject({ requestId: made.requestId });
    const long = await submit('long', 'tokens=1', { 'x-request-id': 'x'.repeat(100) });
    expect((await linesOf('worker', long.id, 'attempt over'))[0]).toMatchObject({ requestId: 'x'.repeat(64) });
  });

  it('tell of each attempt what it has used', async () => {
    // The first attempt breaks off after 10 of 20 tokens.
    const { id } = await submit('twice', 'tokens=20&itl_ms=1&fail=cut&cut_after=10');
    const [first, second] = await linesOf('worker', id, 'attempt over', 2);
    expect(first).toMatchObject({ attempt: 1, outcome: 'retry', code: 'provider_stream_cut' });
    expect(second).toMatchObject({ attempt: 2, outcome: 'completed', outputTokens: 20 });
    const { usage } = await stack.client.wait(id);
    expect(Number(first?.costUsd) + Number(second?.costUsd)).toBeCloseTo(usage?.cost_usd ?? 0, 9);
    expect(Number(first?.outputTokens) + Number(second?.outputTokens)).toBe(usage?.output_tokens);
    for (const line of [first, second]) expect(line?.waitedMs).toBeGreaterThanOrEqual(0);
  });

  it('of a request that is refused say whose it was', async () => {
    await submit('refused', '', {}, { task: 'nothing' });
    const refused = await until('it is logged', () =>
      stack
        .running('api')
        .flatMap(({ log }) => log.split('\n'))
        .find((line) => line.includes('"status":422')),
    );
    expect(JSON.parse(refused)).toMatchObject({ tenant: 'default', res: { status: 422 } });
    expect(refused).not.toContain(apiKey);
  });
});
