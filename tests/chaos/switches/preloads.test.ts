/** Each switch must still find the source text that it changes: a run of the chaos tests would notice that only much later. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';

const root = join(import.meta.dirname, '../../..');
/** File and text of every change that the switches make. */
const changes: [file: string, part: string][] = [];
jest.unstable_mockModule('./change-source.ts', () => ({
  changeSource: (file: string, part: string) => void changes.push([file, part]),
}));

const directory = join(import.meta.dirname, 'preloads');
const preloads = readdirSync(directory).map((name) => join(directory, name));
/** The others replace a function instead of a text, and TypeScript checks its name. */
const changing = preloads.filter((file) => readFileSync(file, 'utf8').includes('changeSource('));
for (const file of changing) await import(file);

describe('the switches', () => {
  it('are all read here', () => {
    expect(changing.length).toBeGreaterThan(20);
    expect(changes.length).toBeGreaterThanOrEqual(changing.length);
  });

  const titled = changes.map(([file, part]) => [file, part.trim().split('\n', 1)[0], part] as const);
  it.each(titled)('find what they change in %s: %s', (file, _, part) => {
    expect(readFileSync(join(root, file), 'utf8').split(part)).toHaveLength(2);
  });
});
