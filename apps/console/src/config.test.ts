import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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

describe('where the console listens', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  beforeAll(() => {
    writeFileSync(cert, 'a certificate');
    writeFileSync(key, 'a key');
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  const read = (settings: Record<string, string>) => readConfig({ ...enough, ...settings });

  it.each(['127.0.0.1', '127.0.0.7', '::1', 'localhost'])('is %s, without more ado', (HOST) => {
    expect(read({ HOST }).tls).toBeNull();
  });

  it.each(['0.0.0.0', '::', '10.1.2.3', 'console.example.com', '128.0.0.1'])(
    'is not %s without TLS, and the message says both ways',
    (HOST) => {
      const both = new RegExp(
        `does not listen on ${HOST} .*without TLS[^]*CONSOLE_TLS_CERT and CONSOLE_TLS_KEY[^]*CONSOLE_INSECURE_HTTP=true`,
      );
      expect(() => read({ HOST })).toThrow(both);
      expect(() => read({ HOST, CONSOLE_INSECURE_HTTP: 'false' })).toThrow(both);
      expect(read({ HOST, CONSOLE_INSECURE_HTTP: 'true' }).tls).toBeNull();
      const tls = { cert: 'a certificate', key: 'a key' };
      expect(read({ HOST, CONSOLE_TLS_CERT: cert, CONSOLE_TLS_KEY: key }).tls).toEqual(tls);
    },
  );

  it('needs both files, and files that can be read', () => {
    expect(() => read({ CONSOLE_TLS_CERT: cert })).toThrow('CONSOLE_TLS_CERT and CONSOLE_TLS_KEY belong together');
    expect(() => read({ CONSOLE_TLS_KEY: key })).toThrow('CONSOLE_TLS_CERT and CONSOLE_TLS_KEY belong together');
    const missing = join(directory, 'missing.pem');
    expect(() => read({ CONSOLE_TLS_CERT: cert, CONSOLE_TLS_KEY: missing })).toThrow(
      `CONSOLE_TLS_KEY: ${missing} can't be read (ENOENT)`,
    );
  });
});

describe('TRUST_PROXY', () => {
  const read = (TRUST_PROXY: string) => readConfig({ ...enough, TRUST_PROXY }).trustProxy;

  it('is a number of proxies, or their addresses', () => {
    expect(read('')).toBeUndefined();
    expect(read('2')).toBe(2);
    expect(read('10.0.0.0/8, ::1')).toEqual(['10.0.0.0/8', '::1']);
  });

  it.each(['true', '10.0.0.0/33', '10.0.0/8', 'proxy.example', '10.0.0.1,', '-1', '10.0.0.0/8/8'])(
    'is not %j',
    (text) => {
      expect(() => read(text)).toThrow('TRUST_PROXY');
    },
  );
});

describe('single sign-on', () => {
  const set = {
    OIDC_ISSUER: 'https://login.example.com',
    OIDC_CLIENT_ID: 'id',
    CONSOLE_URL: 'https://console.example.com',
  };
  const read = (settings: Record<string, string>) => readConfig({ ...enough, ...set, ...settings }).oidc;

  it('is off without an issuer, and needs little with one', () => {
    expect(readConfig(enough).oidc).toBeNull();
    const oidc = read({});
    expect(oidc).toMatchObject({ clientSecret: null, roleClaim: 'holdfast_role', scopes: 'openid email profile' });
    expect(oidc?.redirectUri.href).toBe('https://console.example.com/login/oidc/callback');
    expect(oidc?.roles.get('operator')).toBe('operator');
    expect(read({ OIDC_ROLES: 'ops=operator, it-lead=admin' })?.roles).toEqual(
      new Map([
        ['ops', 'operator'],
        ['it-lead', 'admin'],
      ]),
    );
  });

  it.each([
    [{ OIDC_CLIENT_ID: '' }, 'OIDC_CLIENT_ID'],
    [{ CONSOLE_URL: '' }, 'CONSOLE_URL'],
    [{ OIDC_ISSUER: 'http://login.example.com' }, 'has to begin with https'],
    [{ OIDC_SCOPES: 'email' }, '"openid" has to be among them'],
    [{ OIDC_ROLES: 'ops=root' }, 'expected group=role'],
    [{ OIDC_ROLES: 'ops' }, 'expected group=role'],
  ])('refuses %j', (settings, message) => {
    expect(() => read(settings as Record<string, string>)).toThrow(message);
  });
});
