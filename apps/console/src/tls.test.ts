/** The console with a certificate of its own, as it is run where no proxy ends TLS. */
// cspell:ignore pkeyopt paramgen addext keyout
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startConsole, type TestConsole } from '../testing/console.ts';

// cspell:ignore pkeyopt paramgen addext keyout

const directory = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];

let running: TestConsole;
beforeAll(async () => {
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
  ]);
  if (made.status !== 0) throw new Error(`openssl is needed to make a certificate: ${made.error ?? made.stderr}`);
  running = await startConsole({ CONSOLE_TLS_CERT: cert, CONSOLE_TLS_KEY: key });
});
afterAll(async () => {
  await running?.cleanUp();
  rmSync(directory, { recursive: true });
});

async function ask(path: string, options: RequestOptions = {}, body = '') {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number | undefined;
    cookie: string;
    text: string;
  }>();
  const sent = request(running.url + path, { ca: readFileSync(cert), ...options }, async (answer) => {
    const cookie = answer.headers['set-cookie']?.[0] ?? '';
    resolve({ status: answer.statusCode, cookie, text: await text(answer) });
  });
  sent.once('error', reject).end(body);
  return promise;
}

describe('the console with TLS', () => {
  it('speaks HTTPS with its certificate', async () => {
    expect(running.url).toMatch(/^https:/);
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: '{"status":"ready"}' });
  });

  it('marks its cookie as secure', async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await ask('/admin/v1/login', { method: 'POST', headers }, JSON.stringify({ key: running.adminKey }));
    expect(answer.status).toBe(200);
    expect(answer.cookie).toMatch(/; Secure$/);
  });

  it('does not speak plain HTTP', async () => {
    await expect(fetch(running.url.replace('https:', 'http:'))).rejects.toThrow();
  });
});
