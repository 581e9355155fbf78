import type { SubmitRequest } from '@holdfast/core';
import { defineTask, type Task } from '@holdfast/tasks';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { sharedOf } from './shared-answer.ts';

const task = (change: Partial<Task> = {}): Task => ({
  ...defineTask({
    name: 'echo',
    summary: 'Echo.',
    model: 'sim',
    cache: { ttl_s: 7 },
    input: z.looseObject({}),
    run: async () => 'echo',
  }),
  ...change,
});
const input = { model: 'sim', question: { a: 1, b: [1, 2] } };
const digestOf = (change: Partial<SubmitRequest> = {}, of = task(), tenant = 'acme') =>
  sharedOf(tenant, of, { task: of.name, input, ...change })?.digest;

describe('what a job shares its answer by', () => {
  it('does not depend on what belongs to the job alone, or on the order in which its input is written', () => {
    const own = { metadata: { mine: '1' }, priority: 5, delay_ms: 1, deadline_ms: 2, cache: { ttl_s: 99 } };
    expect(digestOf(own)).toBe(digestOf());
    expect(digestOf({ input: { question: { b: [1, 2], a: 1 }, model: 'sim' } })).toBe(digestOf());
  });

  it('differs by tenant, task, model and anything in the input', () => {
    const others = [
      digestOf({}, task(), 'other'),
      digestOf({}, task({ name: 'other' })),
      digestOf({}, task({ model: 'other' })),
      digestOf({ input: { ...input, question: { a: 1, b: [2, 1] } } }),
      digestOf({ input: { ...input, stream: true } }),
    ];
    expect(new Set([digestOf(), ...others]).size).toBe(others.length + 1);
  });

  it('leaves out `stream` where the input is a body that is passed through', () => {
    const passed = task({ endpoint: 'chat.completions' });
    expect(digestOf({ input: { ...input, stream: true } }, passed)).toBe(digestOf({}, passed));
  });

  it('can be part of a Redis key for any input', () => {
    expect(digestOf({ input: { model: 'sim', question: '{}:*\n ü' } })).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('exists where the job, or otherwise its task, asks for it', () => {
    const ttlOf = (cache: SubmitRequest['cache'], of = task()) =>
      sharedOf('acme', of, { task: of.name, input, ...(cache === undefined ? {} : { cache }) })?.ttlMs;
    expect(ttlOf(undefined)).toBe(7_000);
    expect(ttlOf({ ttl_s: 3 })).toBe(3_000);
    expect(ttlOf(null)).toBeUndefined();
    expect(ttlOf(undefined, task({ cache: null }))).toBeUndefined();
  });
});
