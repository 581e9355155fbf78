import { describe, expect, it } from '@jest/globals';
import { optionIn, parseSearch, stringifySearch } from './search-params.ts';

describe('the query of an address', () => {
  it('is flat text, there and back; numbers stay text', () => {
    const search = { status: 'failed', 'metadata.user': '7', tenant: 'a&b' };
    expect(stringifySearch(search)).toBe('?status=failed&metadata.user=7&tenant=a%26b');
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });

  it('leaves out what has no value', () => {
    expect(stringifySearch({ range: undefined, id: '' })).toBe('');
  });

  it('is one of the known options, or none', () => {
    expect([optionIn(['1h', '24h'], '24h'), optionIn(['1h'], '2y'), optionIn(['1h'], undefined)]).toEqual([
      '24h',
      null,
      null,
    ]);
  });
});
