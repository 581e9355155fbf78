/**
 * The fence of the scripts that append, each of its checks taken out in turn: the oracle must see what comes of it, or the recovery tests that
 * find nothing would prove nothing.
 */

import { Cell, scripts } from '@holdfast/cell';
import { type EventData, type EventType, formatEvent, jobIdFor } from '@holdfast/core';
import { Journal } from '@holdfast/journal';
import { connectRedis, disconnectRedis, type Redis, Script, untilReady } from '@holdfast/redis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedRedisUrl } from '../../packages/core/testing/shared-redis.ts';
import { journalFaults } from '../stack/journal-faults.ts';
import { silent } from '../stack/journal-probe.ts';

let redis: Redis;
let journal: Journal;
beforeAll(async () => {
  redis = connectRedis(sharedRedisUrl(), 'worker', silent);
  await untilReady(redis, 60_000);
  journal = new Journal(new Cell({ redis, prefix: `t${Date.now().toString(36)}`, retentionMs: 3_600_000 }));
});
afterAll(() => disconnectRedis(redis));

type Check = 'fenced' | 'again' | 'ended' | 'mismatch';

/** What an attempt writes with. */
interface Scripts {
  append: Script;
  finish: Script;
}

const whole: Scripts = { append: scripts.append.script, finish: scripts.finish.script };

/** The scripts without the lines that answer so. */
function without(...checks: Check[]): Scripts {
  const strip = (script: Script) => {
    let lua = script.lua.replace(/^#!.*\n/, '');
    for (const check of checks) {
      const rest = lua.replace(new RegExp(`^ *if .* then return \\{'${check}',.*\\n`, 'gm'), '');
      if (rest === lua) throw new Error(`the script has no check "${check}"`);
      lua = rest;
    }
    return new Script(lua, { whenFull: true });
  };
  return { append: strip(whole.append), finish: strip(whole.finish) };
}

/** As a worker does: goes on while its appends are applied, and stops for good when one is refused. */
class Writer {
  refusal: string | null = null;
  readonly #scripts: Scripts;
  readonly #jobId: string;
  readonly #attempt: number;
  readonly #token: string;
  #seq: number;

  constructor(used: Scripts, claim: { jobId: string; attempt: number; token: string; seq: number }) {
    this.#scripts = used;
    this.#jobId = claim.jobId;
    this.#attempt = claim.attempt;
    this.#token = claim.token;
    this.#seq = claim.seq;
  }

  async append<Type extends EventType>(type: Type, data: EventData<Type>, status = ''): Promise<void> {
    if (this.refusal) return;
    const { base, open } = journal.cell.keys;
    const next = this.#seq + 1;
    const head = [base, this.#jobId, this.#attempt, this.#token, this.#seq, next, formatEvent(next, type, data)];
    const noChanges = [0, 0, 0, 0];
    const { append, finish } = this.#scripts;
    const reply = status
      ? await finish.run(redis, [open], [...head, status, journal.cell.retentionMs, 0, 0, '', '', ...noChanges])
      : ((await append.run(redis, [open], [...head, ...noChanges])) as unknown[])[0];
    const [kind] = reply as [string];
    if (kind === 'applied' || kind === 'again') this.#seq = next;
    else this.refusal = kind;
  }

  text = (text: string) => this.append('text.delta', { text });
  start = () => this.append('attempt.started', { attempt: this.#attempt, resumed: false });
  complete = (output: string) => this.append('job.completed', { output, usage: null }, 'completed');
}

async function claim(jobId: string) {
  const release = Number(await redis.hget(journal.keysOf(jobId).record, 'release'));
  const reply = await journal.claim(jobId, release);
  if (reply.kind !== 'claimed') throw new Error(`not claimed: ${reply.kind}`);
  return reply.claim;
}

/** A worker is overtaken in mid-stream and, not knowing it, goes on to the end beside its successor. */
async function overtake(name: string, used: Scripts) {
  const requestText = JSON.stringify({ task: 'chat.completions', input: { model: 'sim' } });
  const id = jobIdFor('acme', name);
  const request = { task: 'chat.completions', input: { model: 'sim' } };
  const described = { id, tenant: 'acme', lane: 'default', request, requestText, digest: name };
  await journal.submit({ ...described, tokens: 10 }, { limits: {}, estimateUsd: null });
  const zombie = new Writer(used, await claim(id));
  await zombie.start();
  await zombie.text('one ');
  const successor = new Writer(used, await claim(id));
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

describe('the fence', () => {
  it('keeps an overtaken worker out, whatever it tries', async () => {
    const { zombie, successor, faults } = await overtake('whole', whole);
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
