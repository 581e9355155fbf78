/**
 * The append script's checks, each taken out in turn: the oracle must see what comes of it, or the recovery tests that
 * find nothing would prove nothing.
 */

import { type EventData, type EventType, formatEvent, jobIdFor } from '@holdfast/core';
import { Journal, scriptKeys } from '@holdfast/journal';
import { connectRedis, disconnectRedis, type Redis, Script, untilReady } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendScript } from '../../packages/journal/src/scripts/append.ts';
import { journalFaults } from './journal-faults.ts';
import { silent } from './journal-probe.ts';

let redis: Redis;
let journal: Journal;
beforeAll(async () => {
  redis = connectRedis(String(process.env.HOLDFAST_TEST_REDIS_URL), 'worker', silent);
  await untilReady(redis, 5_000);
  journal = new Journal({ redis, prefix: `t${Date.now().toString(36)}`, retentionMs: 60_000 });
});
afterAll(() => disconnectRedis(redis));

type Check = 'fenced' | 'again' | 'ended' | 'mismatch';

/** The script without the lines that answer so. */
function without(...checks: Check[]): Script {
  let { lua } = appendScript;
  for (const check of checks) {
    const rest = lua.replace(new RegExp(`^if .* then return \\{'${check}',.*\\n`, 'gm'), '');
    if (rest === lua) throw new Error(`the script has no check "${check}"`);
    lua = rest;
  }
  return new Script(lua);
}

/** As a worker does: goes on while its appends are applied, and stops for good when one is refused. */
class Writer {
  refusal: string | null = null;
  readonly #script: Script;
  readonly #jobId: string;
  readonly #attempt: number;
  readonly #ticket: string;
  #seq: number;

  constructor(script: Script, claim: { jobId: string; attempt: number; ticket: string; seq: number }) {
    this.#script = script;
    this.#jobId = claim.jobId;
    this.#attempt = claim.attempt;
    this.#ticket = claim.ticket;
    this.#seq = claim.seq;
  }

  async append<Type extends EventType>(type: Type, data: EventData<Type>, status = ''): Promise<void> {
    if (this.refusal) return;
    const { live, ...keys } = journal.keysOf(this.#jobId);
    const next = this.#seq + 1;
    const bytes = formatEvent(next, type, data);
    const args = [this.#attempt, this.#seq, next, bytes, status, live, journal.retentionMs, this.#ticket];
    const [kind] = (await this.#script.run(redis, scriptKeys(keys), args)) as [string];
    if (kind === 'applied' || kind === 'again') this.#seq = next;
    else this.refusal = kind;
  }

  text = (text: string) => this.append('text.delta', { text });
  start = () => this.append('attempt.started', { attempt: this.#attempt, resumed: false });
  complete = (output: string) => this.append('job.completed', { output, usage: null }, 'completed');
}

async function claim(jobId: string) {
  const reply = await journal.claim(jobId, 1);
  if (reply.kind !== 'claimed') throw new Error(`not claimed: ${reply.kind}`);
  return reply.claim;
}

/** A worker is overtaken in mid-stream and, not knowing it, goes on to the end beside its successor. */
async function overtake(name: string, script: Script) {
  const requestText = JSON.stringify({ task: 'chat.completions', input: { model: 'sim' } });
  const id = jobIdFor('acme', name);
  const request = { task: 'chat.completions', input: { model: 'sim' } };
  const described = { id, tenant: 'acme', lane: 'default', request, requestText, digest: name };
  await journal.accept({ ...described, release: 1, tokens: 10 });
  const zombie = new Writer(script, await claim(id));
  await zombie.start();
  await zombie.text('one ');
  const successor = new Writer(script, await claim(id));
  await zombie.text('two ');
  await successor.start();
  await zombie.text('three');
  await successor.text('ONE ');
  await successor.text('TWO');
  await successor.complete('ONE TWO');
  await zombie.complete('one two three');
  const log = (await redis.get(journal.keysOf(id).log)) ?? '';
  return { zombie, successor, faults: journalFaults(log) };
}

describe('the append script', () => {
  it('keeps an overtaken worker out, whatever it tries', async () => {
    const { zombie, successor, faults } = await overtake('whole', appendScript);
    expect(faults).toEqual([]);
    expect([zombie.refusal, successor.refusal]).toEqual(['fenced', null]);
  });

  it('lets two attempts mix their texts when the fence is taken out, and the oracle sees it', async () => {
    const { faults } = await overtake('no fence', without('fenced'));
    expect(faults).toEqual([expect.stringMatching(/^the text before event \d+ isn't that of its output$/)]);
  });

  it('lets them repeat numbers when those are not compared either, and the oracle sees it', async () => {
    const { faults } = await overtake('no numbers', without('fenced', 'again', 'mismatch'));
    expect(faults).toContainEqual(expect.stringContaining('a duplicate'));
  });

  it('lets the job end twice when nothing is checked, and the oracle sees it', async () => {
    const { faults } = await overtake('nothing', without('fenced', 'again', 'mismatch', 'ended'));
    expect(faults).toContainEqual(expect.stringContaining('is a second end'));
  });
});
