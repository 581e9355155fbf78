import { resolve } from 'node:path';
import { SettingsError } from '@holdfast/service';
import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.ts';

// cspell:ignore PREFX

function refusal(env: NodeJS.ProcessEnv): string {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return '';
}

describe('readConfig', () => {
  it('needs no settings', () => {
    expect(readConfig({})).toMatchObject({
      api: { number: 3000, explicit: false },
      console: { number: 3001, explicit: false },
      simulator: { number: 3002, explicit: false },
      host: '127.0.0.1',
      redisUrl: null,
      dataDir: resolve('.holdfast'),
      bootstrapKey: null,
      adminKey: null,
      useSimulator: true,
      workers: 1,
      workerConcurrency: 50,
      durability: 'fsync',
      showAllLogs: false,
    });
  });

  it('treats an empty variable as unset', () => {
    expect(readConfig({ PORT: '', OPENAI_API_KEY: '', REDIS_URL: '' })).toMatchObject({
      api: { number: 3000, explicit: false },
      useSimulator: true,
      redisUrl: null,
    });
  });

  it('tells a port that was set from a default, and takes 0 as any port', () => {
    expect(readConfig({ PORT: '3000' }).api).toEqual({ number: 3000, explicit: true });
    expect(readConfig({ PORT: '0' }).api).toEqual({ number: 0, explicit: false });
  });

  it('leaves the simulator out when a provider is set', () => {
    expect(readConfig({ OPENAI_API_KEY: 'sk-1' }).useSimulator).toBe(false);
    expect(readConfig({ OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1' }).useSimulator).toBe(false);
  });

  it.each([
    ['PORT', 'http', 'a port'],
    ['CONSOLE_PORT', '70000', ''],
    ['REDIS_URL', 'localhost:6379', 'redis://'],
    ['WORKERS', '0', ''],
    ['WORKER_CONCURRENCY', 'many', 'a whole number'],
    ['DURABILITY', 'disk', 'fsync, replica or memory'],
    ['DURABILITY', 'replica', 'needs REDIS_URL'],
    ['OPENAI_BASE_URL', 'ftp://host', 'http'],
    ['HOLDFAST_BOOTSTRAP_KEY', 'sk_0123456789abcdef01234', 'hold_'],
    ['HOLDFAST_ADMIN_KEY', 'short', '24 to 200'],
    ['LOG', 'loud', 'warn or all'],
    ['HOLDFAST_CONFIG', '/none/none.json', 'does not exist'],
  ])('refuses %s=%s, naming the variable and the fix', (name, value, fix) => {
    const message = refusal({ [name]: value });
    expect(message).toContain(name === 'HOLDFAST_CONFIG' ? value : name);
    expect(message).toContain(fix);
    expect(refusal({})).toBe('');
  });

  it('never shows a key', () => {
    expect(refusal({ HOLDFAST_ADMIN_KEY: 'short' })).not.toContain('"short"');
  });

  it('warn of unknown variables, and pass them on to no process', () => {
    const { env, warnings } = readConfig({ HOLDFAST_PREFX: 'x', HOLDFAST_PREFIX: 'y', OTHER: 'z' });
    expect(warnings).toEqual(['HOLDFAST_PREFX is set, and nothing reads it: did you mean HOLDFAST_PREFIX?']);
    expect(env).toEqual({ HOLDFAST_PREFIX: 'y', OTHER: 'z' });
  });

  it('starts an archive of its own only where it is asked to, and where no other one is named', () => {
    expect(readConfig({})).toMatchObject({ hasLocalArchive: false });
    expect(readConfig({ ARCHIVE: 'local' })).toMatchObject({ hasLocalArchive: true });
    const url = 'postgres://user:secret@host/database';
    expect(readConfig({ ARCHIVE_URL: url })).toMatchObject({ hasLocalArchive: false, env: { ARCHIVE_URL: url } });
    expect(refusal({ ARCHIVE: 'local', ARCHIVE_URL: url })).toContain('Unset one of the two');
    expect(refusal({ ARCHIVE: 'yes' })).toContain('ARCHIVE (it is "yes"): local, or unset');
    const wrong = refusal({ ARCHIVE_URL: 'mysql://user:secret@host' });
    expect(wrong).toContain('ARCHIVE_URL: expected a PostgreSQL address');
    expect(wrong).not.toContain('secret');
  });
});
