import type { Lane, ProviderHealth } from '@holdfast/admin';
import { describe, expect, it } from '@jest/globals';
import { inOrderOfNeed, needOf } from './lane-needs.ts';

function provider(name: string, state: ProviderHealth['state']): ProviderHealth {
  return {
    name,
    base_url: 'https://api.example.com/v1',
    state,
    open_on: 0,
    workers: 1,
    last_error_code: null,
    retry_at: null,
  };
}

function lane(name: string, changes: Partial<Lane> = {}): Lane {
  return {
    name,
    models: ['*'],
    paused: false,
    limits: {},
    limits_from: 'config',
    config_limits: {},
    counts: { waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0 },
    oldest_wait_s: null,
    waiting_tokens: 0,
    capacity: 50,
    providers: [provider('main', 'healthy'), provider('spare', 'healthy')],
    ...changes,
  };
}

const waiting = { waiting: 3, active: 0, delayed: 0, completed: 0, failed: 0 };

describe('a lane needs', () => {
  it('nothing while its providers work, not even without a worker where nothing waits', () => {
    expect(needOf(lane('a'))).toBeNull();
    expect(needOf(lane('a', { capacity: 0 }))).toBeNull();
    expect(needOf(lane('a', { providers: [provider('main', 'unknown')] }))).toBeNull();
  });

  it('a look where one of its providers fails, and help where all do', () => {
    const one = [provider('main', 'failing'), provider('spare', 'healthy')];
    expect(needOf(lane('a', { providers: one }))).toEqual({
      tone: 'warn',
      text: expect.stringContaining('main fails'),
    });
    expect(needOf(lane('a', { providers: [provider('main', 'failing')] }))?.tone).toBe('bad');
  });

  it('a worker where jobs wait and none takes them', () => {
    expect(needOf(lane('a', { capacity: 0, counts: waiting }))?.text).toContain('Start a worker');
  });

  it('to be resumed while it is paused', () => {
    expect(needOf(lane('a', { paused: true }))).toEqual({ tone: 'warn', text: expect.stringContaining('Paused') });
  });
});

describe('lanes', () => {
  it('come by need, then by name', () => {
    const lanes = [
      lane('b'),
      lane('paused', { paused: true }),
      lane('a'),
      lane('stuck', { capacity: 0, counts: waiting }),
    ];
    expect(inOrderOfNeed(lanes).map(({ name }) => name)).toEqual(['stuck', 'paused', 'a', 'b']);
  });
});
