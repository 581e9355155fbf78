import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { readSettings, SettingsError, setting } from './settings.ts';

const shape = {
  PORT: setting.port(3000),
  WORKERS: setting.count(1, 64),
  RETENTION_HOURS: setting.hours(24),
  REDIS_URL: setting.redisUrl,
  OPENAI_BASE_URL: setting.providerUrl,
  LOG_LEVEL: setting.logLevel,
  HOLDFAST_PREFIX: setting.prefix,
  API_KEY: z.string().min(20, 'at least 20 characters').optional(),
};

const redis = { REDIS_URL: 'redis://127.0.0.1:6379' };
const read = (env: NodeJS.ProcessEnv) => readSettings(shape, env);

function complaintsOf(env: NodeJS.ProcessEnv): string {
  try {
    read({ ...redis, ...env });
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error('was not refused');
}

describe('settings', () => {
  it('have defaults, and take an empty variable for unset', () => {
    const expected = {
      PORT: 3000,
      WORKERS: 1,
      RETENTION_HOURS: 24,
      REDIS_URL: 'redis://127.0.0.1:6379',
      OPENAI_BASE_URL: 'https://api.openai.com/v1',
      LOG_LEVEL: 'info',
      HOLDFAST_PREFIX: 'hf',
    };
    expect(read(redis)).toEqual(expected);
    expect(read({ ...redis, PORT: '', LOG_LEVEL: '', OTHER: 'ignored' })).toEqual(expected);
  });

  it('are what the environment says, and frozen', () => {
    const settings = read({ ...redis, PORT: '8080', WORKERS: '4', RETENTION_HOURS: '0.5' });
    expect(settings).toMatchObject({ PORT: 8080, WORKERS: 4, RETENTION_HOURS: 0.5 });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', 'http'],
    ['WORKERS', '0'],
    ['WORKERS', '65'],
    ['RETENTION_HOURS', '0'],
    ['RETENTION_HOURS', 'soon'],
    ['LOG_LEVEL', 'loud'],
    ['HOLDFAST_PREFIX', 'Has Spaces'],
    ['HOLDFAST_PREFIX', '{hf}'],
  ])('name the variable and show what it is: %s=%s', (name, value) => {
    expect(complaintsOf({ [name]: value })).toContain(`  ${name} (it is "${value}"): `);
  });

  it('name every variable at fault at once', () => {
    const message = complaintsOf({ PORT: 'x', WORKERS: 'y', REDIS_URL: '' });
    expect(message.split('\n')).toEqual([
      'These settings are not valid:',
      '  PORT (it is "x"): expected a port, 0 to 65535',
      '  WORKERS (it is "y"): expected a whole number, 1 to 64',
      '  REDIS_URL: expected a Redis address such as redis://127.0.0.1:6379',
    ]);
  });

  it.each([
    ['REDIS_URL', 'http://user:secret@host'],
    ['OPENAI_BASE_URL', 'ftp://secret'],
    ['API_KEY', 'secret'],
  ])('never show the value of a key or an address: %s', (name, value) => {
    const message = complaintsOf({ [name]: value });
    expect(message).toContain(`  ${name}: `);
    expect(message).not.toContain('secret');
  });
});
