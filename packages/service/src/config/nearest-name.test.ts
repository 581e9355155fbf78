import { describe, expect, it } from '@jest/globals';
import { nearestName } from './nearest-name.ts';

// cspell:ignore limts modles

const known = ['models', 'providers', 'limits', 'background', 'idempotency_header'];

describe('nearestName', () => {
  it.each([
    ['model', 'models'],
    ['modles', 'models'],
    ['Models', 'models'],
    ['provider', 'providers'],
    ['idempotencyHeader', 'idempotency_header'],
    ['limts', 'limits'],
  ])('finds what was meant by %s', (name, meant) => {
    expect(nearestName(name, known)).toBe(meant);
  });

  it.each(['color', 'x', '', 'speed', 'm'.repeat(10_000)])('finds nothing for %.20s', (name) => {
    expect(nearestName(name, known)).toBeNull();
  });
});
