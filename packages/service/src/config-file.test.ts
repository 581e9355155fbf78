import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { defaultLanes, readConfigFile } from './config-file.ts';
import { SettingsError } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-lanes-'));
afterAll(() => rmSync(folder, { recursive: true }));

const baseUrl = 'http://127.0.0.1:3002/v1';
const file = join(folder, 'config.json');

function readWith(content: unknown) {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readConfigFile(file, baseUrl).lanes;
}

const lane = { models: ['*'], providers: [{ name: 'main', base_url: baseUrl }] };

describe('the config file', () => {
  it('gives the lanes, in its order', () => {
    const lanes = { small: { ...lane, models: ['mini-*'] }, default: lane };
    expect(readWith({ lanes })).toMatchObject(lanes);
    expect(Object.keys(readWith({ lanes }))).toEqual(['small', 'default']);
  });

  it('may be missing, unless it was named, and may name no lanes', () => {
    expect(readWith({})).toEqual(defaultLanes(baseUrl));
    expect(() => readConfigFile(join(folder, 'none.json'), baseUrl).lanes).toThrow(SettingsError);
    expect(() => readConfigFile(join(folder, 'none.json'), baseUrl).lanes).toThrow(/none\.json can't be read/);
  });

  it('gives plans, prices and the models of tasks', () => {
    const plans = { free: { requests_per_minute: 60, budget_usd: { day: 1 } } };
    const prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 2 } };
    const tasks = { summarize: { model: 'sim' } };
    writeFileSync(file, JSON.stringify({ plans, prices, tasks }));
    expect(readConfigFile(file, baseUrl)).toEqual({ lanes: defaultLanes(baseUrl), plans, prices, tasks });
  });

  it('is refused in the same way where the app does not know what it names', () => {
    writeFileSync(file, '{}');
    const read = (error: Error) => () =>
      readConfigFile(file, baseUrl, () => {
        throw error;
      });
    expect(read(new RangeError('tasks.x: no such task'))).toThrow(SettingsError);
    expect(read(new RangeError('tasks.x: no such task'))).toThrow(`${file} doesn't fit:\n  tasks.x: no such task`);
    expect(read(new TypeError('a fault'))).toThrow(TypeError);
  });

  it('may be a TypeScript module', () => {
    const module = join(folder, 'config.ts');
    writeFileSync(
      module,
      `const lane: object = ${JSON.stringify(lane)};\nexport default { lanes: { typed: lane } };\n`,
    );
    expect(Object.keys(readConfigFile(module, baseUrl).lanes)).toEqual(['typed']);
  });

  it.each([
    ['no JSON', '{"lanes":', /can't be read as JSON/],
    ['an unknown member', { lanes: { a: lane }, colour: 1 }, /colour/],
    ['an unknown member of a lane', { lanes: { a: { ...lane, speed: 1 } } }, /lanes\.a: .*speed/],
    ['a lane without models', { lanes: { a: { ...lane, models: [] } } }, /lanes\.a\.models/],
    ['a lane without providers', { lanes: { a: { ...lane, providers: [] } } }, /lanes\.a\.providers/],
    ['no lanes', { lanes: {} }, /lanes: name at least one lane/],
    [
      'two providers of one name',
      { lanes: { a: { ...lane, providers: [lane.providers[0], lane.providers[0]] } } },
      /names must differ/,
    ],
    ['a limit that is none', { lanes: { a: { ...lane, limits: { max_running: 0 } } } }, /max_running: .*; got 0/],
    [
      'a price below nothing',
      { prices: { m: { input_usd_per_million: -1, output_usd_per_million: 1 } } },
      /prices\.m\.input/,
    ],
    ['a plan with an unknown limit', { plans: { free: { speed: 1 } } }, /plans\.free: .*speed/],
    ['a task with an unknown setting', { tasks: { chat: { model: 'm', speed: 1 } } }, /tasks\.chat: .*speed/],
    ['a name that Redis keys can not bear', { lanes: { 'a:b': lane } }, /lanes/],
    [
      'an address that is none',
      { lanes: { a: { ...lane, providers: [{ name: 'x', base_url: 'file:///x' }] } } },
      /base_url/,
    ],
    ['an array', [], /top level/],
  ])('is refused with file, path and reason: %s', (_, content, message) => {
    expect(() => readWith(content)).toThrow(SettingsError);
    expect(() => readWith(content)).toThrow(message);
    expect(() => readWith(content)).toThrow(file);
  });
});
