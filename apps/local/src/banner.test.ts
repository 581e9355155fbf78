import { jobIdFor } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { type BannerFacts, banner } from './banner.ts';

const facts: BannerFacts = {
  apiPort: 3000,
  consolePort: 3001,
  simulatorPort: 3002,
  durability: 'fsync',
  bootstrapKey: 'hold_made',
  adminKeyFromEnv: false,
  keyFile: `${process.cwd()}/.holdfast/keys.json`,
};
const text = (more: Partial<BannerFacts> = {}) => banner({ ...facts, ...more }).join('\n');

describe('banner', () => {
  it('shows all addresses', () => {
    for (const part of [
      'http://127.0.0.1:3000/docs',
      'http://127.0.0.1:3000/demo#key=hold_made',
      'http://127.0.0.1:3001',
      'http://127.0.0.1:3002/v1',
      '.holdfast/keys.json',
      'fsync',
    ]) {
      expect(text()).toContain(part);
    }
  });

  it('attaches to the job that it submits', () => {
    const lines = text();
    const [, idempotencyKey = ''] = /Idempotency-Key: (\S+)"/.exec(lines) ?? [];
    expect(lines).toContain(`/v1/jobs/${jobIdFor('default', idempotencyKey)}/events`);
  });

  it('does not print a key that comes from the environment', () => {
    const lines = text({ bootstrapKey: null, adminKeyFromEnv: true });
    expect(lines).toContain('Bearer $HOLDFAST_BOOTSTRAP_KEY');
    expect(lines).not.toContain('#key=');
  });

  it('warns in capitals that jobs can be lost', () => {
    expect(text({ durability: 'memory' })).toContain('CAN BE LOST');
  });
});
