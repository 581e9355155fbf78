import { describe, expect, it } from '@jest/globals';
import { isSameOrigin } from './same-origin.ts';

const host = 'console.example:3001';

describe('a request that may change something', () => {
  it.each([
    ['the browser says it is from this origin', { host, 'sec-fetch-site': 'same-origin' }, true],
    ['its origin is this host', { host, origin: 'http://console.example:3001' }, true],
    ['TLS ended at a proxy', { host: 'console.example', origin: 'https://console.example' }, true],
    ['another port of this host sent it', { host, 'sec-fetch-site': 'same-site' }, false],
    ['another site sent it', { host, 'sec-fetch-site': 'cross-site' }, false],
    ['a bookmark or the address bar sent it', { host, 'sec-fetch-site': 'none' }, false],
    ['its origin is another port', { host, origin: 'http://console.example:3000' }, false],
    ['its origin is hidden', { host, origin: 'null' }, false],
    ['it says nothing about its origin', { host }, false],
    [
      'the browser contradicts its origin',
      { host, origin: 'http://console.example:3001', 'sec-fetch-site': 'cross-site' },
      false,
    ],
  ])('when %s', (_when, headers, allowed) => {
    expect(isSameOrigin(headers)).toBe(allowed);
  });
});
