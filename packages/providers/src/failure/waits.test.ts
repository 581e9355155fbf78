import { describe, expect, it } from '@jest/globals';
import { readResetMs, readRetryAfterMs, readWaitMs } from './waits.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

describe('readRetryAfterMs', () => {
  it.each([
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '0.25' }, 250],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }, 7000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 23:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after-ms': '1500', 'retry-after': '60' }, 1500],
    [{ 'retry-after-ms': 'soon', 'retry-after': '60' }, 60_000],
    [{ 'retry-after': '1767225602' }, 2000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{}, undefined],
  ])('reads %j as %p ms', (headers, ms) => {
    expect(readRetryAfterMs(new Headers(headers as Record<string, string>), now)).toBe(ms);
  });
});

describe('readWaitMs', () => {
  it.each([
    ['1s', 1_000],
    ['6m0s', 360_000],
    ['120ms', 120],
    ['7.66ms', 8],
    ['2m59.56s', 179_560],
    ['1h2m3s', 3_723_000],
    ['1d', 86_400_000],
    ['59.9', 59_900],
    ['1767225602', 2_000],
    ['1767225602500', 2_500],
    ['1767225000', 0],
    ['2026-01-01T00:00:09Z', 9_000],
    ['', undefined],
    ['soon', undefined],
    ['-1s', undefined],
    ['1s later', undefined],
    [null, undefined],
  ])('reads %j as %p ms', (text, ms) => {
    expect(readWaitMs(text, now)).toBe(ms);
  });
});

describe('readResetMs', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    [
      'the limit that is used up',
      { 'remaining-requests': '0', 'reset-requests': '30s', 'remaining-tokens': '9', 'reset-tokens': '1s' },
      30_000,
    ],
    [
      'the later, where both are',
      { 'remaining-requests': '0', 'reset-requests': '3s', 'remaining-tokens': '0', 'reset-tokens': '6m0s' },
      360_000,
    ],
    ['the sooner, where neither is said to be', { 'reset-requests': '8s', 'reset-tokens': '6m0s' }, 8_000],
    ['a limit without a name', { reset: '1767225605' }, 5_000],
    ['nothing, where there is room', { 'remaining-requests': '7', 'reset-requests': '60s' }, undefined],
    ['nothing', { 'remaining-requests': '0' }, undefined],
  ])('waits for %s', (_, said, ms) => {
    const headers = new Headers(Object.entries(said).map(([name, value]) => [`x-ratelimit-${name}`, value]));
    expect(readResetMs(headers, now)).toBe(ms);
  });
});
