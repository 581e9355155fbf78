import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { validationError } from './validation-error.ts';

describe('a validation error', () => {
  const schema = z.strictObject({
    messages: z.array(z.strictObject({ role: z.enum(['user']) })),
    n: z.int().optional(),
  });
  const errorOf = (value: unknown, prefix?: string) => {
    const { error } = schema.safeParse(value);
    if (!error) throw new Error('it fits');
    return validationError(error, prefix);
  };

  it('names the field at fault with a dotted path', () => {
    const error = errorOf({ messages: [{ role: 'user' }, { role: 'wizard' }] }, 'input');
    expect(error).toMatchObject({ code: 'validation_failed', status: 422, param: 'input.messages.1.role' });
    expect(error.message).toMatch(/^input\.messages\.1\.role: /);
  });

  it('names a member that is not known', () => {
    expect(errorOf({ messages: [], color: 'red' })).toMatchObject({ param: 'color' });
    expect(errorOf({ messages: [{ role: 'user', x: 1 }] })).toMatchObject({ param: 'messages.0.x' });
  });

  it('names no field when it is the whole', () => {
    expect(errorOf([])).toMatchObject({ param: null });
  });

  it('lists ten issues at most', () => {
    const error = errorOf({ messages: Array.from({ length: 5_000 }, () => ({ role: 'wizard' })) });
    expect(error.issues).toHaveLength(10);
  });
});
