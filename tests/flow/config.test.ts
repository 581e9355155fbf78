/** A config file that is not valid, or may have a mistake, as the real processes read it. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedRedisUrl } from '../../packages/core/testing/shared-redis.ts';
import { adminKey, processEnv, type ServiceName, Stack } from '../stack/stack.ts';

// cspell:ignore PREFX

const root = join(import.meta.dirname, '../..');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const lane = { models: ['sim'], providers: [{ name: 'main', base_url: 'http://127.0.0.1:9/v1' }] };
const badLimit = { plans: { free: { max_running: 0 } } };

function write(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** Runs the program of an app with this config file until it ends by itself. */
function run(app: string, file: string, more: NodeJS.ProcessEnv = {}) {
  const main = join(root, 'apps', app, 'src/main.ts');
  const env = { ...processEnv, HOLDFAST_CONFIG: file, HOLDFAST_ADMIN_KEY: adminKey, ...more };
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=holdfast-source', main],
      { cwd: root, env, timeout: 30_000 },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}

describe('a config file that does not fit', () => {
  const redis = { REDIS_URL: sharedRedisUrl(), PORT: '0', CONSOLE_PORT: '0' };

  it.each(['api', 'worker', 'console'])('ends %s with 1, and says why in one plain sentence', async (app) => {
    const file = write('limit.json', badLimit);
    const { code, stdout, stderr } = await run(app, file, redis);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.replace(file, 'FILE')).toMatch(/^FILE is not valid:\n {2}plans\.free\.max_running: .*>=1; got 0\n$/);
  });

  it.each(['api', 'worker'])('ends %s where it names a model for a task that no lane serves', async (app) => {
    const file = write('model.json', { lanes: { only: lane }, tasks: { chat: { model: 'gpt-5' } } });
    const stderr = `${file} is not valid:\n  tasks.chat.model: expected a model that a lane serves; got "gpt-5"\n`;
    expect(await run(app, file, redis)).toEqual({ code: 1, stdout: '', stderr });
  });

  it('ends a process in the same way where it is a module that awaits', async () => {
    const file = write('later.ts', 'export default await Promise.resolve({});');
    const stderr = `${file} can't be loaded as a module: it awaits at its top level\n`;
    expect(await run('console', file, redis)).toEqual({ code: 1, stdout: '', stderr });
  });

  it.each([
    ['a limit', badLimit, /plans\.free\.max_running: .*>=1; got 0\n$/],
    ['a task', { tasks: { nothing: { model: 'm' } } }, /tasks\.nothing: no such task; one of .*\n$/],
  ])('ends `npm start` before anything is started, and is said once: %s', async (_, content, said) => {
    const dataDir = join(folder, 'data');
    const { code, stdout, stderr } = await run('local', write('start.json', content), { HOLDFAST_DATA_DIR: dataDir });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(said);
    expect(stderr.match(/is not valid/g)).toHaveLength(1);
    expect(existsSync(dataDir)).toBe(false);
  });
});

describe('a config file that may be a mistake', () => {
  it('is warned of at start, and served', async () => {
    const providers = [{ ...lane.providers[0], api_key_env: 'HOLDFAST_TEST_UNSET_KEY' }];
    const stack = await Stack.start({
      config: () => ({ lanes: { only: { ...lane, providers } } }),
      // The first one is known by the config file.
      env: { HOLDFAST_TEST_UNSET_KEY: '', HOLDFAST_PREFX: 'x' },
    });
    try {
      await stack.start('console');
      const warnings = (name: ServiceName) =>
        stack
          .running(name)
          .flatMap(({ log }) => log.split('\n'))
          .filter((line) => line.includes('"level":"warn"'))
          .map((line) => (JSON.parse(line) as { msg: string }).msg);
      const models = expect.stringMatching(/^no lane serves the models of these tasks, .*chat \(gpt-5-mini\)/);
      const key = 'HOLDFAST_TEST_UNSET_KEY is not set: provider main of lane only is called without it';
      const misspelled = 'HOLDFAST_PREFX is set, and nothing reads it: did you mean HOLDFAST_PREFIX?';
      expect(warnings('worker')).toEqual([models, key, misspelled]);
      expect(warnings('api')).toEqual([models, misspelled]);
      expect(warnings('console')).toEqual([misspelled]);
    } finally {
      await stack.close();
    }
  });
});
