import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../testing/processes.ts';
import type { Look } from './look.ts';
import { TaskReloader } from './reload-tasks.ts';

let folder: string;
let said: string[];
/** The results of the next loads. The last one repeats. */
let looks: (Partial<Look> | Error)[];
let reloads: string[];
let reloader: TaskReloader;
let reload: () => Promise<void>;
let looked = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-reload-'));
  [said, reloads] = [[], []];
  looks = [{ digest: 'a' }];
  reload = async () => undefined;
  writeFileSync(join(folder, 'task.ts'), '1');
  reloader = new TaskReloader({
    look: async () => {
      looked += 1;
      const look = looks.length > 1 ? looks.shift() : looks[0];
      if (look instanceof Error) throw look;
      return lookLike(look ?? {});
    },
    reload: async ({ digest }) => {
      reloads.push(String(digest));
      await reload();
    },
    write: (line) => void said.push(line),
  });
});
afterEach(() => {
  reloader.close();
  rmSync(folder, { recursive: true });
});

function lookLike(change: Partial<Look>): Look {
  return {
    fault: null,
    digest: null,
    tasks: [],
    env: [],
    files: [join(folder, 'task.ts')],
    directories: [folder],
    ...change,
  };
}

function begin(digest = 'a'): void {
  looks = [{ digest }];
  reloader.begin(lookLike({ digest }));
}

const save = (name: string, content: string) => writeFileSync(join(folder, name), content);
const shown = (name: string) => relative(process.cwd(), join(folder, name));

describe('reloading tasks', () => {
  it('restarts the processes when a file of the tasks has changed, and names the file', async () => {
    begin();
    looks = [{ digest: 'b' }];
    save('task.ts', '2');
    await until('it comes true', () => said.some((line) => line.startsWith('Reloaded in')));
    expect(reloads).toEqual(['b']);
    expect(said[0]).toBe(`${shown('task.ts')} changed: reloading …`);
  });

  it('reloads files that were saved before it began to watch', async () => {
    looks = [{ digest: 'b' }];
    reloader.begin(lookLike({ digest: 'a' }));
    await until('it comes true', () => reloads.length === 1);
    expect(reloads).toEqual(['b']);
  });

  it('does nothing when the same code would run', async () => {
    begin();
    const before = looked;
    save('other.ts', '1');
    await until('it comes true', () => looked > before);
    expect([said, reloads]).toEqual([[], []]);
  });

  it('shows an error once for each save, and says when it is corrected', async () => {
    begin();
    mkdirSync(join(folder, 'lib'));
    // The faulty tasks have a file that the running ones don't have, so they are loaded again.
    looks = [{ fault: 'task.ts:1: no', files: [join(folder, 'lib/more.ts')] }];
    save('task.ts', '2');
    await until('it comes true', () => said.length > 0);
    save('task.ts', '3');
    await until('it comes true', () => said.length > 1);
    const fault = 'Not reloaded; the old code goes on running:\ntask.ts:1: no';
    expect(said).toEqual([fault, fault]);
    looks = [{ digest: 'a' }];
    // The correction may be in a file that only the faulty tasks have.
    save('task.ts', '1');
    await until('it comes true', () => said.length > 2);
    expect([said[2], reloads]).toEqual(['Corrected: the files are the same as the running code.', []]);
  });

  it('tries again with the next change when the new processes do not start, or the tasks could not be loaded', async () => {
    begin();
    looks = [{ digest: 'b' }];
    reload = async () => {
      throw new Error('api does not start');
    };
    save('task.ts', '2');
    await until('it comes true', () => said.includes('Not reloaded: api does not start'));
    looks = [new Error('ended with 3')];
    save('task.ts', '3');
    await until('it comes true', () => said.includes('Not reloaded: ended with 3'));
    reload = async () => undefined;
    looks = [{ digest: 'b' }];
    save('task.ts', '2');
    await until('it comes true', () => said.some((line) => line.startsWith('Reloaded in')));
    expect(reloads).toEqual(['b', 'b']);
  });
});
