import { describe, expect, it } from '@jest/globals';
import { keyRequestSchema } from './key-requests.ts';

describe('a request for a key', () => {
  it('names at least one known scope', () => {
    expect(keyRequestSchema.safeParse({ scopes: ['submit', 'read'] }).success).toBe(true);
    expect(keyRequestSchema.safeParse({ scopes: [] }).success).toBe(false);
    expect(keyRequestSchema.safeParse({ scopes: ['root'] }).success).toBe(false);
  });

  it('may name tasks, but not none', () => {
    expect(keyRequestSchema.safeParse({ scopes: ['submit'], tasks: ['chat.completions'] }).success).toBe(true);
    expect(keyRequestSchema.safeParse({ scopes: ['submit'], tasks: [] }).success).toBe(false);
  });
});
