import { laneLimitsSchema, limitsSchema } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { type LimitField, readLimits, textsOf } from './limit-texts.ts';

const field = (name: string): LimitField => ({ name, label: name, hint: '' });
const fields = ['requests_per_minute', 'max_running', 'weight', 'budget_usd.day', 'budget_usd.month'].map(field);

describe('limits in a form', () => {
  it('come back as they were', () => {
    const limits = { requests_per_minute: 60, weight: 0.5, budget_usd: { day: 1.25 } };
    expect(readLimits(fields, textsOf(fields, limits), limitsSchema)).toEqual({ limits });
  });

  it('are none where the texts are empty', () => {
    expect(textsOf(fields, null)).toEqual({
      requests_per_minute: '',
      max_running: '',
      weight: '',
      'budget_usd.day': '',
      'budget_usd.month': '',
    });
    expect(readLimits(fields, { weight: '  ' }, limitsSchema)).toEqual({ limits: {} });
  });

  it('may have separators between thousands', () => {
    expect(readLimits(fields, { requests_per_minute: '12,000', max_running: ' 1 000' }, limitsSchema)).toEqual({
      limits: { requests_per_minute: 12_000, max_running: 1_000 },
    });
  });

  it('that are no numbers, or that the contract refuses, are told by their fields', () => {
    const texts = {
      requests_per_minute: '1.5',
      max_running: '0',
      weight: '2000',
      'budget_usd.day': '-1',
      'budget_usd.month': 'a lot',
    };
    expect(readLimits(fields, texts, limitsSchema)).toEqual({
      errors: {
        requests_per_minute: 'Write a whole number, or leave it empty.',
        max_running: 'At least 1.',
        weight: 'At most 1,000.',
        'budget_usd.day': 'At least 0.',
        'budget_usd.month': 'Write a number, or leave it empty.',
      },
    });
  });

  it('of a lane know no budget', () => {
    expect(readLimits(fields, { weight: '2' }, laneLimitsSchema)).toHaveProperty('errors');
  });
});
