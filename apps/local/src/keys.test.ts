import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { makeDirectory, removeDirectories } from '../testing/processes.ts';
import { provideKeys } from './keys.ts';

afterEach(removeDirectories);
const none = { bootstrap: null, admin: null };

describe('provideKeys', () => {
  it('makes keys with at least 32 random characters, and uses them again at the next start', () => {
    const dataDir = join(makeDirectory(), 'new');
    const keys = provideKeys(dataDir, none);
    expect(keys.bootstrap).toMatch(/^hold_[0-9A-Za-z]{32,}$/);
    expect(keys.admin).toMatch(/^hold_admin_[0-9A-Za-z]{32,}$/);
    expect(provideKeys(dataDir, none)).toEqual(keys);
    expect(provideKeys(join(makeDirectory(), 'other'), none).bootstrap).not.toBe(keys.bootstrap);
  });

  it('lets only the owner read them', () => {
    const { file } = provideKeys(join(makeDirectory(), 'new'), none);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
  });

  it('uses keys from the environment and never stores them', () => {
    const dataDir = makeDirectory();
    const given = { bootstrap: 'hold_from_the_environment', admin: 'another_from_the_environment' };
    const keys = provideKeys(dataDir, given);
    expect(keys).toMatchObject(given);
    expect(existsSync(keys.file)).toBe(false);
    const mixed = provideKeys(dataDir, { ...given, admin: null });
    expect(mixed.bootstrap).toBe(given.bootstrap);
    expect(readFileSync(mixed.file, 'utf8')).not.toContain('environment');
  });

  it('refuses a damaged file without showing its content', () => {
    const dataDir = makeDirectory();
    writeFileSync(join(dataDir, 'keys.json'), '{"bootstrap_key":"hold_secret');
    expect(() => provideKeys(dataDir, none)).toThrow(/keys\.json is damaged/);
    expect(() => provideKeys(dataDir, none)).not.toThrow(/secret/);
  });
});
