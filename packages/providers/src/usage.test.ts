import { describe, expect, it } from '@jest/globals';
import { readUsage } from './usage.ts';

describe('readUsage', () => {
  it('reads the names of every endpoint', () => {
    expect(readUsage({ input_tokens: 1, output_tokens: 2, total_tokens: 3 })).toEqual({
      input_tokens: 1,
      output_tokens: 2,
    });
    expect(readUsage({ prompt_tokens: 1, completion_tokens: 2 })).toEqual({ input_tokens: 1, output_tokens: 2 });
    expect(readUsage({ prompt_tokens: 8, total_tokens: 8 })).toEqual({ input_tokens: 8, output_tokens: 0 });
  });

  it.each([[undefined], [null], ['12'], [{}], [{ prompt_tokens: -1 }], [{ input_tokens: 1.5, output_tokens: 1 }]])(
    'is null for %j',
    (usage) => {
      expect(readUsage(usage)).toBeNull();
    },
  );
});
