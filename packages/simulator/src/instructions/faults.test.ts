import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { until } from '../../../core/testing/until.ts';
import { type Simulator, startSimulator } from '../index.ts';

// cspell:ignore tokns

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0 });
  client = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: 'any', maxRetries: 0 });
});
afterAll(() => simulator.close());

const ask = (sim: string, caseName = sim) => ({
  model: 'sim',
  messages: [{ role: 'user' as const, content: 'Hello?' }],
  metadata: { sim: `ttft_ms=0&${sim.includes('itl_ms') ? '' : 'itl_ms=0&'}tokens=20&${sim}`, case: caseName },
});
const whole = (sim: string, options = {}) => client.chat.completions.create(ask(sim), options);
const counts = async (name: string) =>
  (await fetch(`${simulator.url}/sim/calls?case=${encodeURIComponent(name)}`)).json();

async function untilCounted(name: string, expected: object): Promise<void> {
  await until(`${name} is counted`, async () => {
    expect(await counts(name)).toMatchObject(expected);
    return true;
  });
}

/** Text of a chat stream, and the error that it ended in. @param most its reader leaves after so many tokens */
async function stream(sim: string, most = Number.POSITIVE_INFINITY) {
  const leaving = new AbortController();
  const { signal } = leaving;
  let text = '';
  let tokens = 0;
  let finish: string | null = null;
  try {
    for await (const { choices } of await client.chat.completions.create({ ...ask(sim), stream: true }, { signal })) {
      const content = choices[0]?.delta.content;
      if (content) tokens++;
      if (tokens === most) leaving.abort();
      text += content ?? '';
      finish = choices[0]?.finish_reason ?? finish;
    }
  } catch (error) {
    return { text, tokens, finish, error };
  }
  return { text, tokens, finish, error: null };
}

/** The bytes of a chat stream, in the pieces in which they came. */
async function raw(sim: string, body: object = {}) {
  const response = await fetch(`${simulator.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...ask(sim), stream: true, ...body }),
  });
  return response.body ? await Array.fromAsync(response.body) : [];
}

describe('faults', () => {
  it('answers the first calls of a case as listed, then well, and counts each', async () => {
    const sim = 'fail=429,503,400&retry_after=2&code=odd';
    const limited = await whole(sim).catch((error) => error);
    expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
    expect(limited).toMatchObject({ status: 429, code: 'odd', type: 'rate_limit_error' });
    expect(limited.headers.get('retry-after')).toBe('2');
    const overloaded = await whole(sim).catch((error) => error);
    expect(overloaded).toBeInstanceOf(OpenAI.InternalServerError);
    expect(overloaded.headers.get('retry-after')).toBe('2');
    const wrong = await whole(sim).catch((error) => error);
    expect(wrong).toBeInstanceOf(OpenAI.BadRequestError);
    expect(wrong.headers.get('retry-after')).toBeNull();
    expect((await whole(sim)).choices).toHaveLength(1);
    expect(await counts(sim)).toMatchObject({ calls: 4, completed: 1, aborted: 0, tokens: 20 });
  });

  it('gives a Retry-After with a fraction in milliseconds too', async () => {
    const { headers } = await whole('status=429&retry_after=0.25').catch((error) => error);
    expect([headers.get('retry-after'), headers.get('retry-after-ms')]).toEqual(['1', '250']);
  });

  it('answers every call with the status in the instructions', async () => {
    for (let call = 0; call < 3; call++) await expect(whole('status=500')).rejects.toMatchObject({ status: 500 });
    expect(await counts('status=500')).toMatchObject({ calls: 3, completed: 0, aborted: 0, tokens: 0 });
  });

  it('answers 502 with HTML, and resets the connection before headers', async () => {
    const bad = await whole('fail=html').catch((error) => error);
    expect(bad).toMatchObject({ status: 502, headers: expect.anything() });
    expect(bad.headers.get('content-type')).toBe('text/html');
    await expect(whole('fail=reset')).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  });

  it('never answers while it hangs, and counts the client that gives up', async () => {
    await expect(whole('hang=1', { timeout: 60 })).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    await untilCounted('hang=1', { calls: 1, completed: 0, aborted: 1, tokens: 0 });
    await expect(whole('fail=hang', { timeout: 60 })).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    expect((await whole('fail=hang')).choices).toHaveLength(1);
    expect(await counts('fail=hang')).toMatchObject({ calls: 2, completed: 1, aborted: 0, tokens: 20 });
  });

  it('cuts a stream after so many tokens, on every call', async () => {
    for (let call = 0; call < 2; call++) {
      const { tokens, error } = await stream('cut_after=5');
      expect(tokens).toBe(5);
      expect(String(error)).toContain('terminated');
    }
    expect(await counts('cut_after=5')).toMatchObject({ calls: 2, completed: 0, aborted: 0, tokens: 10 });
  });

  it('cuts only the calls that are listed, where any are', async () => {
    const sim = 'fail=cut,ok&cut_after=5';
    expect(await stream(sim)).toMatchObject({ tokens: 5, error: { message: 'terminated' } });
    expect(await stream(sim)).toMatchObject({ tokens: 20, finish: 'stop', error: null });
    expect(await counts(sim)).toMatchObject({ calls: 2, completed: 1, aborted: 0, tokens: 25 });
  });

  it('cuts before the first token and after the last', async () => {
    expect(await stream('cut_after=0')).toMatchObject({ tokens: 0, error: { message: 'terminated' } });
    expect(await stream('cut_after=999')).toMatchObject({ tokens: 20, finish: null, error: { message: 'terminated' } });
  });

  it('cuts an answer that isn’t streamed inside its body', async () => {
    await expect(whole('cut_after=5')).rejects.toThrow(/terminated/);
  });

  it('stalls after so many tokens until the client gives up', async () => {
    const stalled = await stream('stall_after=5', 5);
    expect(stalled).toMatchObject({ tokens: 5, finish: null });
    await untilCounted('stall_after=5', { calls: 1, completed: 0, aborted: 1, tokens: 5 });
    await stream('fail=stall&stall_after=5', 5);
    await untilCounted('fail=stall&stall_after=5', { calls: 1, completed: 0, aborted: 0, tokens: 5 });
  });

  it('continues after a stall that ends', async () => {
    const startedAt = performance.now();
    expect(await stream('stall_after=5&stall_ms=80')).toMatchObject({ tokens: 20, finish: 'stop', error: null });
    expect(performance.now() - startedAt).toBeGreaterThan(75);
  });

  it('pauses after so many tokens until the pauses of its case are ended, and not after that', async () => {
    const sim = 'pause_after=5';
    const paused = stream(sim);
    await untilCounted(sim, { calls: 1, completed: 0, aborted: 0, tokens: 5 });
    const other = await stream('pause_after=5&seed=1', 5);
    expect(other).toMatchObject({ tokens: 5, finish: null });
    await untilCounted('pause_after=5&seed=1', { calls: 1, completed: 0, aborted: 1, tokens: 5 });
    const goOn = () => fetch(`${simulator.url}/sim/pauses?case=${encodeURIComponent(sim)}`, { method: 'DELETE' });
    expect((await goOn()).status).toBe(200);
    expect(await paused).toMatchObject({ tokens: 20, finish: 'stop', error: null });
    expect(await stream(sim)).toMatchObject({ tokens: 20, finish: 'stop', error: null });
    expect((await fetch(`${simulator.url}/sim/pauses`, { method: 'DELETE' })).status).toBe(400);
  });

  it('leaves [DONE] out, and the finish_reason', async () => {
    const text = async (sim: string) => Buffer.concat(await raw(sim)).toString();
    expect(await text('')).toMatch(/"finish_reason":"stop"[^\n]*\n\ndata: \[DONE\]\n\n$/);
    expect(await text('no_done=1')).toMatch(/"finish_reason":"stop"[^\n]*\n\n$/);
    expect(await text('no_done=1&no_finish=1')).not.toContain('"finish_reason":"');
  });

  it('leaves the terminal event of a Response out', async () => {
    const body = { model: 'sim', input: 'Hello?', metadata: { sim: 'ttft_ms=0&itl_ms=0&no_done=1' } };
    const events = await Array.fromAsync(await client.responses.create({ ...body, stream: true }));
    expect(events.at(-1)?.type).toBe('response.output_item.done');
  });

  it('sends an error in the stream that the SDK throws, on chat and on responses', async () => {
    const chat = await stream('error_event=1');
    expect(chat).toMatchObject({ tokens: 3, error: expect.any(OpenAI.APIError) });
    const body = { model: 'sim', input: 'Hello?', metadata: { sim: 'ttft_ms=0&error_event=1' } };
    const responses = await client.responses.create({ ...body, stream: true });
    await expect(Array.fromAsync(responses)).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(await counts('error_event=1')).toMatchObject({ calls: 1, completed: 0, aborted: 0, tokens: 3 });
  });

  it('cuts a character of several bytes in two in every chunk, and loses none', async () => {
    // Two pieces may be read as one where the machine is busy.
    await until('most pieces come apart', async () => {
      const pieces = await raw('split_utf8=1&seed=3&itl_ms=5');
      return pieces.filter((piece) => (piece.at(-1) ?? 0) >= 0xc0).length > 10;
    });
    const [split, plain] = await Promise.all([stream('split_utf8=1&seed=3'), whole('unicode=1&seed=3')]);
    expect(split.text).toBe(plain.choices[0]?.message.content);
    expect(split.text).not.toContain('\uFFFD');
  });

  it('sends a line of 10 MB in mid-stream', async () => {
    const { text, tokens, error } = await stream('big_line=10000000');
    expect({ tokens, error }).toEqual({ tokens: 20, error: null });
    expect(text.length).toBeGreaterThan(10_000_000);
  });

  it.each([
    ['tokns=5', "Unknown instruction 'tokns' in metadata.sim."],
    ['fail:400', "Unknown instruction 'fail:400' in metadata.sim."],
    ['cut_after=-1', "Instruction 'cut_after' in metadata.sim must be a whole number from 0 to 200000, not '-1'."],
    ['fail', "Instruction 'fail' in metadata.sim must be a list of statuses"],
    ['fail=429,boom', "Instruction 'fail' in metadata.sim must be a list of statuses"],
    ['seed=1&seed=2', "Instruction 'seed' is repeated in metadata.sim."],
  ])('refuses %s, names the instruction that is wrong, and lists those that are known', async (sim, message) => {
    const refusal = await client.chat.completions.create({ ...ask(''), metadata: { sim, case: sim } }).catch((e) => e);
    expect(refusal).toBeInstanceOf(OpenAI.BadRequestError);
    expect(refusal.message).toContain(message);
    expect(refusal.message).toMatch(/Expected some of tokens, ttft_ms, .*, fail, .*, idempotent\.$/);
    expect(await counts(sim)).toMatchObject({ calls: 0 });
  });

  it.each(['fail=400', 'fail=ok,cut', 'off_schema=1', 'pause_after=1'])(
    'refuses %s where no case says whose calls are meant',
    async (sim) => {
      const { metadata: _, ...body } = ask('');
      const refusal = await client.chat.completions.create({ ...body, metadata: { sim } }).catch((e) => e);
      expect(refusal).toBeInstanceOf(OpenAI.BadRequestError);
      expect(refusal.message).toMatch(
        /Instruction '(fail|off_schema|pause_after)' in metadata\.sim .*: name the case in metadata\.case\.$/,
      );
      const headers = { 'x-sim': sim };
      const byHeader = await client.chat.completions.create(body, { headers }).catch((e) => e);
      expect(byHeader.message).toMatch(
        /in x-sim applies to the calls of a case: name the case in the header x-sim-case\.$/,
      );
    },
  );

  it('takes instructions for every call without a case', async () => {
    const { metadata: _, ...body } = ask('');
    await expect(client.chat.completions.create({ ...body, metadata: { sim: 'status=503' } })).rejects.toMatchObject({
      status: 503,
    });
  });

  it.each([['sim=status=503'], [['status=503']], [5]])('refuses metadata that is no object: %j', async (metadata) => {
    const { metadata: _, ...body } = ask('');
    const response = await fetch(`${simulator.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...body, metadata }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'metadata' } });
  });
});
