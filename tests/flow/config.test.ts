/** A config file that doesn't fit, or may be a mistake, as the real processes take it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adminKey, Service, type ServiceName, Stack, until } from './stack.ts';

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

/** What a process with this config file writes until it ends, and its exit code. */
async function endWith(name: ServiceName, file: string) {
  const redis = process.env.HOLDFAST_TEST_REDIS_URL;
  const env = { REDIS_URL: redis, PORT: '0', CONSOLE_PORT: '0', HOLDFAST_ADMIN_KEY: adminKey, HOLDFAST_CONFIG: file };
  const service = new Service(name, env);
  try {
    await until(`${name} ends`, () => service.ended, 30_000);
  } finally {
    service.signal('SIGKILL');
  }
  return { code: service.child.exitCode, said: service.log };
}

describe('a config file that does not fit', () => {
  it.each(['api', 'worker', 'console'] as const)('ends %s with 1, and one plain sentence', async (name) => {
    const file = write('limit.json', badLimit);
    const { code, said } = await endWith(name, file);
    expect(code).toBe(1);
    expect(said).toMatch(/ doesn't fit:\n {2}plans\.free\.max_running: .*>=1; got 0\n$/);
    expect(said.startsWith(file)).toBe(true);
  });

  it.each(['api', 'worker'] as const)(
    'ends %s where no lane serves the model of a task that it names',
    async (name) => {
      const file = write('model.json', { lanes: { only: lane }, tasks: { chat: { model: 'gpt-5' } } });
      const { code, said } = await endWith(name, file);
      expect(code).toBe(1);
      expect(said).toBe(`${file} doesn't fit:\n  tasks.chat.model: expected a model that a lane serves; got "gpt-5"\n`);
    },
  );

  it('ends a process in the same way where it is a module that can not be used', async () => {
    const file = write('later.ts', 'export default await Promise.resolve({});');
    const { code, said } = await endWith('console', file);
    expect([code, said]).toEqual([1, `${file} can't be loaded as a module: it awaits at its top level\n`]);
  });
});

describe('a config file that may be a mistake', () => {
  it('is warned of at start, and served', async () => {
    const providers = [{ ...lane.providers[0], api_key_env: 'HOLDFAST_TEST_UNSET_KEY' }];
    const stack = await Stack.start({ config: () => ({ lanes: { only: { ...lane, providers } } }) });
    try {
      const warnings = (name: ServiceName) =>
        stack
          .running(name)
          .flatMap(({ log }) => log.split('\n'))
          .filter((line) => line.includes('"level":"warn"'))
          .map((line) => (JSON.parse(line) as { msg: string }).msg);
      const models = expect.stringMatching(/^no lane serves the models of these tasks, .*chat \(gpt-5-mini\)/);
      const key = 'HOLDFAST_TEST_UNSET_KEY is not set: provider main of lane only is called without a key';
      expect(warnings('worker')).toEqual([models, key]);
      expect(warnings('api')).toEqual([models]);
    } finally {
      await stack.close();
    }
  }, 60_000);
});
