import { connectRedis, disconnectRedis } from '@holdfast/redis';
import { defaultLanes } from '@holdfast/service';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sharedRedisUrl } from '../../../../packages/core/testing/shared-redis.ts';
import { startOwnRedis } from '../../../../packages/redis/testing/redis.ts';
import { startConsole, type TestConsole } from '../../testing/console.ts';
import { showConfig } from './show-config.ts';

let running: TestConsole;
beforeAll(async () => {
  running = await startConsole({ RETENTION_HOURS: '48', HOLDFAST_API_URL: 'https://user:hidden-word@api.example.com' });
});
afterAll(() => running.cleanUp());

describe('the settings', () => {
  it('say how the installation is set up and how Redis does', async () => {
    const settings = await running.as({ key: running.adminKey }).call('settings', {});
    expect(settings).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      durability: { mode: 'fsync', fault: null },
      redis: { append_only: true, fsync: 'always', policy: 'noeviction', max_bytes: null, full_at: null },
      archive: { configured: false, waiting: 0, lag_s: null, oldest: null },
      retention_hours: 48,
      bull_board: '/queues',
    });
    expect(settings.redis.used_bytes).toBeGreaterThan(1_000_000);
    expect(settings.tasks).toContain('chat.completions');
    expect(settings.settings).toContainEqual({ name: 'RETENTION_HOURS', value: '48', from: 'environment' });
    expect(settings.settings).toContainEqual({ name: 'MAX_BODY_MB', value: '10', from: 'default' });
    expect(settings.settings).toContainEqual({ name: 'HOLDFAST_ADMIN_KEY', value: '(set)', from: 'environment' });
  });

  it('hold no secret', async () => {
    const settings = await running.as({ key: running.adminKey }).call('settings', {});
    const { api_url: _, ...rest } = settings;
    const text = JSON.stringify(rest);
    for (const secret of [running.adminKey, sharedRedisUrl(), 'hidden-word']) {
      expect(text).not.toContain(secret);
    }
  });

  it('say what is wrong with Redis, while the console goes on', async () => {
    const own = await startOwnRedis();
    const redis = connectRedis(own.url, 'worker', null);
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const other = await startConsole({ REDIS_URL: own.url });
    try {
      const { durability } = await other.as({ key: other.adminKey }).call('settings', {});
      expect(durability.fault).toContain('CONFIG SET maxmemory-policy noeviction');
    } finally {
      await other.cleanUp();
      await disconnectRedis(redis);
      await own.remove();
    }
  });
});

describe('the config file as it is shown', () => {
  it('has names of variables in the place of secrets, and no value that may be one', () => {
    const { default: lane } = defaultLanes('https://user:word-1@provider.example/v1?key=word-2');
    const [provider] = lane?.providers ?? [];
    if (!lane || !provider) throw new Error('there is no lane');
    const secretive = {
      ...provider,
      api_key_env: 'MY_KEY',
      headers: { 'api-key': { env: 'OTHER_KEY' }, 'x-literal': 'word-3' },
      query: { token: 'word-4' },
    };
    const shown = showConfig({ lanes: { default: { ...lane, providers: [secretive] } }, plans: {}, prices: {} });
    expect(shown).toMatchObject({
      lanes: {
        default: {
          providers: [
            {
              base_url: 'https://provider.example/v1',
              api_key_env: 'MY_KEY',
              headers: { 'api-key': { env: 'OTHER_KEY' }, 'x-literal': '(set)' },
              query: { token: '(set)' },
            },
          ],
        },
      },
    });
    expect(JSON.stringify(shown)).not.toContain('word-');
  });
});
