import { describe, expect, it } from '@jest/globals';
import { KnownFormats } from './known-formats.ts';

describe('the formats that models take', () => {
  it('are known by lane and model', () => {
    const known = new KnownFormats();
    known.ofLane('a').remember('m', 'json_object');
    expect(known.ofLane('a').of('m')).toBe('json_object');
    expect(known.ofLane('a').of('n')).toBe('json_schema');
    expect(known.ofLane('b').of('m')).toBe('json_schema');
  });

  it('are forgotten, the oldest first, where there are too many', () => {
    const formats = new KnownFormats().ofLane('a');
    for (let at = 0; at <= 1_000; at += 1) formats.remember(`m${at}`, 'text');
    expect(['m0', 'm1', 'm1000'].map((model) => formats.of(model))).toEqual(['json_schema', 'text', 'text']);
  });
});
