import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../config.ts';
import { heldWithin, openFilesLimit } from './open-files.ts';

function logger() {
  const lines: object[] = [];
  return { lines, info: (fields: object) => void lines.push(fields) } as unknown as {
    lines: object[];
    info: () => void;
  };
}

describe('files that a process may open', () => {
  it('are what the system says, `ulimit -n`', () => {
    const module = join(import.meta.dirname, 'open-files.ts');
    const script = `import(${JSON.stringify(module)}).then((m) => console.log(m.openFilesLimit()))`;
    const shell = 'ulimit -n 512; exec "$0" --conditions=holdfast-source -e "$1"';
    expect(execFileSync('sh', ['-c', shell, process.execPath, script], { encoding: 'utf8' })).toBe('512\n');
    expect(openFilesLimit()).toBeGreaterThan(100);
  });

  it('leave a fifth for everything else: only as many requests are held as there are files for, and the log says so', () => {
    const limits = { total: 20_000, perKey: 1_000 };
    const log = logger();
    expect(heldWithin(1_024, limits, log)).toEqual({ total: 819, perKey: 1_000 });
    expect(log.lines).toEqual([{ MAX_HELD_REQUESTS: 20_000, openFiles: 1_024, heldRequests: 819 }]);
    for (const files of [25_000, null]) expect(heldWithin(files, limits, log)).toEqual(limits);
    expect(log.lines).toHaveLength(1);
  });
});

describe('MAX_HELD_REQUESTS and MAX_HELD_REQUESTS_PER_KEY', () => {
  const read = (set: NodeJS.ProcessEnv = {}) => readConfig({ REDIS_URL: 'redis://127.0.0.1', ...set }).held;

  it('are 20,000 and 10,000 where nothing is said', () => {
    expect(read()).toEqual({ total: 20_000, perKey: 10_000 });
    expect(read({ MAX_HELD_REQUESTS: '50', MAX_HELD_REQUESTS_PER_KEY: '5' })).toEqual({ total: 50, perKey: 5 });
  });

  it.each(['MAX_HELD_REQUESTS', 'MAX_HELD_REQUESTS_PER_KEY'])('are whole numbers from 1 on: %s', (name) => {
    for (const value of ['0', 'many', '1.5']) expect(() => read({ [name]: value })).toThrow(name);
  });
});
