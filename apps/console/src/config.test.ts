import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.ts';

const enough = { REDIS_URL: 'redis://127.0.0.1:6379', HOLDFAST_ADMIN_KEY: 'a'.repeat(24) };

describe("the console's settings", () => {
  it('need only Redis and an admin key', () => {
    const config = readConfig(enough);
    expect(config).toMatchObject({ port: 3001, host: '127.0.0.1', prefix: 'hf', apiUrl: 'http://127.0.0.1:3000' });
    expect(Object.keys(config.lanes)).toEqual(['default']);
  });

  it('accept the address of the API with or without /v1, and say what to write otherwise', () => {
    const read = (HOLDFAST_API_URL: string) => readConfig({ ...enough, HOLDFAST_API_URL }).apiUrl;
    for (const end of ['', '/', '/v1', '/v1/']) {
      expect(read(`https://holdfast.example.com/llm${end}`)).toBe('https://holdfast.example.com/llm');
    }
    for (const address of ['localhost:3000', 'holdfast.example.com']) {
      expect(() => read(address)).toThrow(
        'HOLDFAST_API_URL: an address such as https://holdfast.example.com, with its http://',
      );
    }
  });

  it.each(['', 'short', 'a'.repeat(23), `${'a'.repeat(30)} b`])(
    'refuse %j as an admin key, without showing it',
    (key) => {
      const read = () => readConfig({ ...enough, HOLDFAST_ADMIN_KEY: key });
      expect(read).toThrow(/HOLDFAST_ADMIN_KEY: .*24/);
      if (key) expect(read).not.toThrow(new RegExp(key));
    },
  );
});
