import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../json.ts';
import { isJobId } from './idempotency-key.ts';
import {
  hasEnded,
  jobListSchema,
  jobSchema,
  jobStatuses,
  jobSummarySchema,
  metadataSchema,
  outputTextOf,
} from './job.ts';

describe('hasEnded', () => {
  it('are completed, failed and cancelled', () => {
    expect(jobStatuses.filter(hasEnded)).toEqual(['completed', 'failed', 'cancelled']);
    expect(hasEnded('')).toBe(false);
  });
});

describe('jobSchema', () => {
  it('shows an id as ids are', () => {
    const [example] = jobSchema.shape.id.meta()?.examples ?? [];
    expect(isJobId(String(example))).toBe(true);
  });
});

describe('jobSummarySchema', () => {
  it('has all of a job but its answer, and is what lists hold', () => {
    const members = Object.keys(jobSchema.shape);
    const answer = members.filter((name) => !(name in jobSummarySchema.shape));
    expect(answer).toEqual(['output', 'output_text']);
    expect(Object.keys(jobSummarySchema.shape)).toHaveLength(members.length - 2);
    expect(jobListSchema.shape.data.element).toBe(jobSummarySchema);
  });
});

describe('outputTextOf', () => {
  const part = (text: JsonValue, type = 'output_text') => ({ type, text });
  const message = (...content: JsonValue[]) => ({ type: 'message', content });

  it('is the content of a chat completion’s first choice', () => {
    const choices = [{ message: { role: 'assistant', content: 'one' } }, { message: { content: 'two' } }];
    expect(outputTextOf({ object: 'chat.completion', choices })).toBe('one');
    expect(outputTextOf({ choices: [{ message: { content: '' } }] })).toBe('');
  });

  it('is what a Response’s output_text parts say together', () => {
    expect(outputTextOf({ output: [message(part('a'), part('b')), { type: 'reasoning' }, message(part('c'))] })).toBe(
      'abc',
    );
    expect(outputTextOf({ output: [message(part('no', 'refusal'), part('yes'))] })).toBe('yes');
  });

  it('is a string itself', () => {
    expect(outputTextOf('plain')).toBe('plain');
    expect(outputTextOf('')).toBe('');
  });

  it.each<[string, JsonValue]>([
    ['embeddings', { object: 'list', data: [{ embedding: [0.1] }] }],
    ['a number', 7],
    ['null', null],
    ['an array', ['text']],
    ['a structured result', { city: 'Rome' }],
    ['a tool call', { choices: [{ message: { content: null, tool_calls: [] } }] }],
    ['no choices', { choices: [] }],
    ['a choice without a message', { choices: [{ text: 'legacy' }] }],
    ['a choice that is no object', { choices: ['text'] }],
    ['content that is no text', { choices: [{ message: { content: [{ text: 'part' }] } }] }],
    ['a Response of function calls only', { output: [{ type: 'function_call', name: 'f' }] }],
    ['a Response of a refusal only', { output: [message(part('no', 'refusal'))] }],
    ['a Response without output', { output: [] }],
    ['a Response with odd parts', { output: [null, 'x', message(null, 'x', part(5), part({ a: 1 }), part(null))] }],
  ])('is null for %s', (_, output) => {
    expect(outputTextOf(output)).toBeNull();
  });
});

describe('metadataSchema', () => {
  const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']));

  it('takes 16 pairs, keys of 64 and values of 512 characters', () => {
    const metadata = { ...pairs(15), ['k'.repeat(64)]: 'v'.repeat(512) };
    expect(metadataSchema.parse(metadata)).toEqual(metadata);
    expect(metadataSchema.parse({ empty: '' })).toEqual({ empty: '' });
    expect(metadataSchema.parse({})).toEqual({});
  });

  it.each<[string, unknown]>([
    ['17 pairs', pairs(17)],
    ['a key of 65 characters', { ['k'.repeat(65)]: 'v' }],
    ['an empty key', { '': 'v' }],
    ['a value of 513 characters', { k: 'v'.repeat(513) }],
    ['a number', { k: 1 }],
    ['null', { k: null }],
    ['an array', ['v']],
    ['text', 'v'],
  ])('refuses %s', (_, metadata) => {
    expect(metadataSchema.safeParse(metadata).success).toBe(false);
  });
});
