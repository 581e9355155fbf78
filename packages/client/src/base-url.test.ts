import { describe, expect, it } from '@jest/globals';
import { clientFor, jobLike, sendJson, startTestServer } from '../testing/server.ts';
import { serverRootOf } from './base-url.ts';

describe('an address that is clear', () => {
  it.each([
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['https://holdfast.example.com/', 'https://holdfast.example.com'],
    [' HTTP://Holdfast.Example.com// ', 'http://holdfast.example.com'],
    ['https://example.com/llm/', 'https://example.com/llm'],
    ['http://127.0.0.1:3000/v1', 'http://127.0.0.1:3000'],
    ['http://127.0.0.1:3000/v1/', 'http://127.0.0.1:3000'],
    ['https://example.com/llm/v1/', 'https://example.com/llm'],
    ['https://example.com/apiv1', 'https://example.com/apiv1'],
    ['localhost', 'http://localhost'],
    ['localhost:3000', 'http://localhost:3000'],
    ['localhost:3000/v1/', 'http://localhost:3000'],
    ['127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['[::1]:3000', 'http://[::1]:3000'],
  ])('is understood: %j', (address, root) => {
    expect(serverRootOf(address)).toBe(root);
    // What was understood once stays as it is.
    expect(serverRootOf(root)).toBe(root);
  });

  it('may be relative to the page, in a browser', () => {
    const base = 'https://app.example.com/chat/index.html?job=1#top';
    expect(serverRootOf('', { base })).toBe('https://app.example.com');
    expect(serverRootOf('/', { base })).toBe('https://app.example.com');
    expect(serverRootOf('/llm/v1', { base })).toBe('https://app.example.com/llm');
    expect(serverRootOf('localhost:3000', { base })).toBe('http://localhost:3000');
  });

  it('is where the client sends its requests, `/v1` once', async () => {
    await using server = await startTestServer((_request, response) => sendJson(response, 200, jobLike({})));
    const { host } = new URL(server.url);
    for (const address of [`${server.url}/v1/`, `${server.url}/v1`, host, `${host}/v1`]) {
      await clientFor(address).get('job_1');
    }
    expect(server.requests.map(({ url }) => url)).toEqual(Array(4).fill('/v1/jobs/job_1'));
  });
});

describe('an address that is not clear', () => {
  it.each([
    ['', 'is empty; write an address such as http://127.0.0.1:3000'],
    ['holdfast.example.com', 'has no scheme; write https://holdfast.example.com (or http://holdfast.example.com)'],
    ['api:3000/v1', 'has no scheme; write https://api:3000 (or http://api:3000)'],
    ['htp://example.com', 'begins with "htp:"; write an address that begins with http:// or https://'],
    ['redis://:secret@127.0.0.1:6379', 'begins with "redis:"; write an address that begins with http:// or https://'],
    ['https://me:secret@example.com/', 'has a user name or password; leave it out: https://example.com'],
    ['https://example.com/llm?key=secret', 'has a query or fragment; leave it out: https://example.com/llm'],
    ['not an address', 'is not an address; write one such as http://127.0.0.1:3000'],
    ['http://', 'is not an address; write one such as http://127.0.0.1:3000'],
  ])('is refused with what to write: %j', (address, message) => {
    expect(() => serverRootOf(address)).toThrow(new TypeError(message));
    expect(() => clientFor(address)).toThrow(new TypeError(`baseUrl ${message}.`));
  });
});
