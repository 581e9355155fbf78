import { AttemptError, noSpend } from '@holdfast/core';
import type { FieldChanges, OpenCall } from '@holdfast/journal';
import { describe, expect, it } from '@jest/globals';
import { AttemptTimeline } from '../attempt/attempt-timeline.ts';
import { StopSignal } from '../attempt/stop-signal.ts';
import { RunCost } from '../cost/run-cost.ts';
import { CallFailures } from './call-failures.ts';
import { ProviderCalls } from './provider-calls.ts';

const body = { model: 'sim', max_tokens: 100 };
const prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 10 } };
const response = { id: 'resp_1', cursor: -1 };
const openCall: OpenCall = { provider: 'main', keyVersion: 0, visible: true, emitted: 0, response: null, cost: 0.5 };

/** @param open what earlier attempts have left */
function newCalls({ open = {}, canRepeat = false }: { open?: Record<string, OpenCall>; canRepeat?: boolean } = {}) {
  const changes: FieldChanges = {};
  const writer = { change: (fields: FieldChanges) => void Object.assign(changes, fields) };
  const stop = new StopSignal();
  const cost = new RunCost(prices, noSpend);
  const before = { made: 3, ambiguous: 0, keyVersion: 2, open: new Map(Object.entries(open)) };
  const failures = new CallFailures(new Map(), writer);
  const claim = { attempt: 1, startMs: 0, timeline: [] };
  const timeline = new AttemptTimeline({ claim, worker: 'host-1', claimedAt: performance.now() });
  const calls = new ProviderCalls({ before, writer, cost, failures, stop, timeline, canRepeat });
  const begin = (id = '', provider = 'main') =>
    calls.begin({ id, provider, visible: true, endpoint: 'chat.completions', body });
  return { calls, changes, stop, cost, failures, begin };
}

const cut = new AttemptError('provider_stream_cut', 'Cut.', { retryable: true, ambiguous: true });
const down = new AttemptError('provider_unavailable', 'Down.', { retryable: true, unpaid: true });

describe('a call that begins', () => {
  it('is counted, and stored with its key and what it may cost', () => {
    const { begin, calls } = newCalls();
    const { call, fields } = begin();
    expect(fields).toMatchObject({ provider_calls: 4, 'call:': expect.stringContaining('"keyVersion":2') });
    expect(call).toMatchObject({ state: 'running', cost: expect.any(Number) });
    expect([calls.has(''), calls.isAnyRunning]).toEqual([true, true]);
  });

  it('is not counted again where an earlier attempt’s response is resumed', () => {
    const { begin } = newCalls({ open: { '': { ...openCall, response } } });
    expect(begin().fields).not.toHaveProperty('provider_calls');
  });

  it('lets another worker go on with the attempt only once its response is stored', () => {
    const { begin, calls, stop } = newCalls();
    stop.canBeResumed = true;
    const { call } = begin();
    expect(stop.canBeResumed).toBe(false);
    call.response = response;
    calls.markStored(call);
    expect(stop.canBeResumed).toBe(true);
    begin('b');
    expect(stop.canBeResumed).toBe(false);
  });
});

describe('a call that fails', () => {
  it('for good is over: the next one has another key', () => {
    const { begin, calls, changes } = newCalls();
    calls.fail(begin().call, down);
    expect(calls.has('')).toBe(false);
    expect(changes).toMatchObject({ 'call:': '', call_key_version: 3 });
    expect(changes).not.toHaveProperty('ambiguous_calls');
    expect(begin().call.keyVersion).toBe(3);
  });

  it('and may have been paid is counted, and charged in full where nothing came', () => {
    const { begin, calls, changes, cost, failures } = newCalls();
    const { call } = begin();
    calls.fail(call, cut);
    expect(calls.possiblyCharged).toBe(true);
    expect(changes).toMatchObject({ ambiguous_calls: 1 });
    expect(cost.spent.usd).toBe(call.cost);
    expect(failures.limitReached('', 1)?.code).toBe('call_limit');
  });

  it('stays open, under the same key, where its provider honors keys', () => {
    const { begin, calls, changes } = newCalls({ canRepeat: true });
    calls.fail(begin().call, cut);
    expect(calls.get('')).toMatchObject({ state: 'failed', keyVersion: 2 });
    expect(calls.possiblyCharged).toBe(false);
    expect(changes).not.toHaveProperty('call_key_version');
  });

  it('stays open where its response can be resumed', () => {
    const { begin, calls } = newCalls();
    const { call } = begin();
    call.response = response;
    calls.fail(call, down);
    expect(calls.responses('failed')).toEqual([{ provider: 'main', id: 'resp_1' }]);
  });
});

describe('a call that an earlier attempt left', () => {
  it.each([
    ['is kept where its response can be resumed', { ...openCall, response }, false, []],
    ['is kept where it can be repeated under its key', openCall, true, []],
    ['is given up otherwise', openCall, false, ['']],
    ['is given up where its provider is gone', { ...openCall, provider: 'gone', response }, true, ['']],
  ])('%s', (_, open, canRepeat, lost) => {
    const { calls, changes } = newCalls({ open: { '': open }, canRepeat });
    expect(calls.abandonLost((name) => name === 'main').map(({ id }) => id)).toEqual(lost);
    expect(changes.ambiguous_calls).toBe(lost.length > 0 ? 1 : undefined);
  });

  it('is charged in full when it is given up, and when the job ends', () => {
    const given = newCalls({ open: { '': openCall } });
    given.calls.abandonElsewhere('', 'spare');
    const ended = newCalls({ open: { '': openCall } });
    expect(ended.calls.closeAll()).toMatchObject({ 'call:': '', open_cost: 0 });
    for (const { cost } of [given, ended]) expect(cost.spent.usd).toBe(0.5);
  });
});

describe('the end of a job', () => {
  it('charges what runs up to here', () => {
    const { begin, calls, cost } = newCalls();
    const { call } = begin();
    call.receivedBytes = 30;
    calls.closeAll();
    expect(cost.spent.usd).toBeGreaterThan(0);
    expect(cost.spent.usd).toBeLessThan(call.cost ?? 0);
    expect(calls.isAnyRunning).toBe(false);
  });
});
