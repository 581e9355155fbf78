import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@holdfast/service';
import { createServerApp, listen, type RunningServer } from '@holdfast/service/http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { webAppRoutes } from './web-app.ts';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-web-'));
let server: RunningServer;
beforeAll(async () => {
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<title>the app</title>');
  writeFileSync(join(directory, 'icon.svg'), '<svg/>');
  writeFileSync(join(directory, 'assets/main-abc123.js'), 'run()');
  const routes = webAppRoutes(directory);
  const app = createServerApp({ logger: createLogger('console', 'silent'), routes: (app) => void app.use(routes) });
  server = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await server.close(0);
  rmSync(directory, { recursive: true });
});

const get = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(server.url + path, init);
  return { answer, text: await answer.text() };
};

describe('the web app', () => {
  it('says how to build it where it is not', async () => {
    renameSync(join(directory, 'index.html'), join(directory, 'away.html'));
    const { answer, text } = await get('/jobs');
    renameSync(join(directory, 'away.html'), join(directory, 'index.html'));
    expect([answer.status, text]).toEqual([503, 'The pages of the console are not built. Run: npm run build']);
  });

  it.each(['/', '/jobs', '/jobs/job_x?tab=events', '/tenants/acme'])(
    'answers %s with its page, which nobody keeps',
    async (path) => {
      const { answer, text } = await get(path);
      expect([answer.status, text]).toEqual([200, '<title>the app</title>']);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("connect-src 'self'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
    },
  );

  it('has files that browsers keep, because a digest is in their names', async () => {
    const { answer, text } = await get('/assets/main-abc123.js');
    expect([text, answer.headers.get('cache-control')]).toEqual(['run()', 'public, max-age=31536000, immutable']);
    expect((await get('/icon.svg')).answer.headers.get('cache-control')).toBe('public, max-age=0');
  });

  it('gives no page in the place of a file that is not there', async () => {
    expect((await get('/assets/main-old.js')).answer.status).toBe(404);
  });

  it.each(['/admin/v1/nothing', '/queues/x', '/healthz', '/readyz', '/login/oidc'])(
    'leaves %s to the server',
    async (path) => {
      expect((await get(path)).answer.status).toBe(404);
    },
  );

  it('answers no request that may change something', async () => {
    expect((await get('/jobs', { method: 'POST' })).answer.status).toBe(404);
  });

  it('serves nothing outside its folder', async () => {
    writeFileSync(`${directory}.secret`, 'secret');
    const { text } = await get(`/..%2f${directory.split('/').at(-1)}.secret`);
    rmSync(`${directory}.secret`);
    expect(text).not.toContain('secret');
  });
});
