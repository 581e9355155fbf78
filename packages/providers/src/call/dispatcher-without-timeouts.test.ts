import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { fetchOptionsFor } from './dispatcher-without-timeouts.ts';

describe('the dispatcher without timeouts', () => {
  it('is not used while every limit is shorter than those of Node', () => {
    expect(fetchOptionsFor(120_000, 60_000)).toEqual({});
  });

  it('is found in this Node, and does not cut a slow body that an impatient one cuts', async () => {
    const script = fileURLToPath(new URL('../../testing/slow-body.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=holdfast-source', script]);
    expect(JSON.parse(stdout)).toEqual({ found: true, cut: 'TypeError: terminated', whole: 'ab', own: 'ab' });
  });
});
