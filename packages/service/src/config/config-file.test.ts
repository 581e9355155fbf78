import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodedError } from '@holdfast/core';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type ConfigOptions, defaultLanes, type Loaded, readConfigFile } from './config-file.ts';
import { SettingsError } from './settings.ts';

// cspell:ignore modles nown

const folder = mkdtempSync(join(tmpdir(), 'holdfast-lanes-'));
afterAll(() => rmSync(folder, { recursive: true }));

const baseUrl = 'http://127.0.0.1:3002/v1';

/** An app that loads nothing. */
const load = () => ({ digest: '', warnings: [] });
const file = join(folder, 'config.json');

function readWith(content: unknown) {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readConfigFile(file, baseUrl, { load }).lanes;
}

/** What is said of the faults in a file, without the line that names it. */
function faultsIn(content: unknown): string[] {
  try {
    readWith(content);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const [head, ...lines] = error.message.split('\n');
    expect(head).toBe(`${file} is not valid:`);
    return lines.map((line) => line.slice(2));
  }
  throw new Error('was not refused');
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
    expect(() => readConfigFile(join(folder, 'none.json'), baseUrl, { load })).toThrow(SettingsError);
  });

  it('gives plans, prices and the models of tasks', () => {
    const plans = { free: { requests_per_minute: 60, budget_usd: { day: 1 } } };
    const prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 2 } };
    const tasks = { summarize: { model: 'sim' } };
    writeFileSync(file, JSON.stringify({ plans, prices, tasks }));
    const read = readConfigFile(file, baseUrl, { load });
    expect(read).toMatchObject({ lanes: defaultLanes(baseUrl), plans, prices, tasks, warnings: [] });
    expect(readConfigFile(file, baseUrl, { load }).configDigest).toBe(read.configDigest);
    expect(readConfigFile(file, 'http://127.0.0.1:1/v1', { load }).configDigest).not.toBe(read.configDigest);
    const other = () => ({ digest: 'other', warnings: [] });
    expect(readConfigFile(file, baseUrl, { load: other }).configDigest).not.toBe(read.configDigest);
  });

  it('has the warnings of the app, and those of missing keys where they are needed', () => {
    const providers = [...lane.providers, { name: 'spare', base_url: baseUrl, api_key_env: 'SPARE_KEY' }];
    writeFileSync(file, JSON.stringify({ lanes: { a: { ...lane, providers } } }));
    const read = (options: Partial<ConfigOptions<Loaded>>) =>
      readConfigFile(file, baseUrl, { load, ...options }).warnings;
    const unset = 'SPARE_KEY is not set: provider spare of lane a is called without it';
    expect(read({ load: () => ({ digest: '', warnings: ['mind the gap'] }), env: {} })).toEqual([
      'mind the gap',
      unset,
    ]);
    expect(read({ env: { SPARE_KEY: '' } })).toEqual([unset]);
    expect(read({ env: { SPARE_KEY: 'sk-1' } })).toEqual([]);
    expect(read({})).toEqual([]);
    writeFileSync(file, '{}');
    expect(read({ env: {} })).toEqual([]);
  });

  it('warns where OpenAI itself would be called without a key', () => {
    writeFileSync(file, '{}');
    const warningsFor = (address: string, env: NodeJS.ProcessEnv) =>
      readConfigFile(file, address, { load, env }).warnings;
    const openAi = 'https://api.openai.com/v1';
    const unset = `OPENAI_API_KEY is not set: provider main of lane default is ${openAi}, which refuses every call without a key. Set it, or OPENAI_BASE_URL for another provider`;
    expect(warningsFor(openAi, {})).toEqual([unset]);
    expect(warningsFor(openAi, { OPENAI_API_KEY: '' })).toEqual([unset]);
    expect(warningsFor(openAi, { OPENAI_API_KEY: 'sk-1' })).toEqual([]);
    expect(warningsFor('http://127.0.0.1:11434/v1', {})).toEqual([]);
    writeFileSync(file, JSON.stringify({ lanes: { a: { ...lane, providers: [{ name: 'p', base_url: openAi }] } } }));
    expect(warningsFor(openAi, {})).toEqual([
      `provider p of lane a has no api_key_env, and ${openAi} refuses every call without a key`,
    ]);
  });

  it('is refused in the same way where it names something unknown to the app', () => {
    writeFileSync(file, '{}');
    const read = (error: Error) => () =>
      readConfigFile(file, baseUrl, {
        load: () => {
          throw error;
        },
      });
    expect(read(new RangeError('tasks.x: no such task'))).toThrow(SettingsError);
    expect(read(new RangeError('tasks.x: no such task'))).toThrow(`${file} is not valid:\n  tasks.x: no such task`);
    expect(read(new TypeError('a fault'))).toThrow(TypeError);
    const own = new CodedError('duplicate_task', 'Two tasks are named "x".');
    expect(read(own)).toThrow(SettingsError);
    expect(read(own)).toThrow(/^Two tasks are named "x"\.$/);
  });

  const withProvider = (provider: object) => ({ lanes: { a: { ...lane, providers: [provider] } } });
  const known = {
    lane: 'models, providers, limits, background, idempotency_header, max_calls',
    file: 'lanes, plans, prices, task_files, tasks, task_error_message, alerts',
  };

  it.each<[string, unknown, unknown[]]>([
    [
      'unknown members',
      { color: 1, hue: 2 },
      ['color', 'hue'].map((name) => `${name}: unknown; expected one of ${known.file}`),
    ],
    [
      'one of a lane',
      { lanes: { a: { ...lane, speed: 1 } } },
      [`lanes.a.speed: unknown; expected one of ${known.lane}`],
    ],
    [
      'one that is misspelled, and one that is not',
      { lanes: { a: { ...lane, modles: [], speed: 1 } } },
      [
        `lanes.a.modles: unknown; did you mean models? expected one of ${known.lane}`,
        `lanes.a.speed: unknown; expected one of ${known.lane}`,
      ],
    ],
    ['a misspelled section', { plan: {} }, [`plan: unknown; did you mean plans? expected one of ${known.file}`]],
    ['no models', { lanes: { a: { providers: lane.providers } } }, ['lanes.a.models: expected an array; got nothing']],
    [
      'empty models',
      { lanes: { a: { ...lane, models: [] } } },
      [expect.stringMatching(/^lanes\.a\.models: .*>=1 items; got an empty array$/)],
    ],
    ['a lane that is none', { lanes: { a: 'sim' } }, ['lanes.a: expected an object; got "sim"']],
    ['no lanes', { lanes: {} }, ['lanes: name at least one lane']],
    [
      'one name twice',
      { lanes: { a: { ...lane, providers: [lane.providers[0], lane.providers[0]] } } },
      ['lanes.a.providers: names must differ'],
    ],
    [
      'a limit of 0',
      { lanes: { a: { ...lane, limits: { max_running: 0 } } } },
      [expect.stringMatching(/^lanes\.a\.limits\.max_running: .*>=1; got 0$/)],
    ],
    [
      'half a job',
      { lanes: { a: { ...lane, limits: { max_running: 1.5 } } } },
      ['lanes.a.limits.max_running: expected a whole number; got 1.5'],
    ],
    [
      'a lane’s name',
      { lanes: { 'a:b': lane } },
      ['lanes.a:b: not a valid name: lower-case letters, digits and "-", starting with a letter; got "a:b"'],
    ],
    [
      'a plan’s name',
      { plans: { Free: {} } },
      ['plans.Free: not a valid name: lower-case letters, digits, "-" and "_"; got "Free"'],
    ],
    [
      'an address',
      withProvider({ name: 'x', base_url: 'ftp://x' }),
      ['lanes.a.providers.0.base_url: expected an http(s) address; got "ftp://x"'],
    ],
    [
      'long texts',
      { tasks: { chat: { model: 'm'.repeat(300) } } },
      [expect.stringMatching(/^tasks\.chat\.model: .*<=256 characters; got "m{80}…"$/)],
    ],
    [
      'a price',
      { prices: { m: { input_usd_per_million: -1, output_usd_per_million: '1' } } },
      [
        expect.stringMatching(/^prices\.m\.input_usd_per_million: .*; got -1$/),
        'prices.m.output_usd_per_million: expected a number; got "1"',
      ],
    ],
    [
      'a plan’s limit',
      { plans: { free: { speed: 1 } } },
      [expect.stringMatching(/^plans\.free\.speed: unknown; expected one of requests_per_minute, /)],
    ],
    [
      'a task’s setting',
      { tasks: { chat: { model: 'm', speed: 1 } } },
      ['tasks.chat.speed: unknown; expected one of model'],
    ],
    [
      'what clients see of errors of tasks',
      { task_error_message: 'always' },
      ['task_error_message: expected "hide" or "show"; got "always"'],
    ],
    ['an array', [], ['(top level): expected an object; got an empty array']],
  ])('is refused with path, what was expected and what was got: %s', (_, content, faults) => {
    expect(faultsIn(content)).toEqual(faults);
  });

  it.each([
    ['a key', { name: 'x', base_url: baseUrl, api_key: 'sk-secret' }],
    ['a key under another name', { name: 'x', base_url: baseUrl, apiKey: 'sk-secret' }],
    ['a key for the name of its variable', { name: 'x', base_url: baseUrl, api_key_env: 'sk-secret' }],
    ['a key beside a mistake', { name: 'x', base_url: baseUrl, api_key_env: 'sk-secret', color: 'red' }],
    ['a password in an address', { name: 'x', base_url: 'ftp://me:sk-secret@host/v1?key=sk-secret' }],
    ['headers', { name: 'x', base_url: { url: baseUrl, authorization: 'sk-secret' } }],
  ])('is refused without showing a secret: %s', (_, provider) => {
    expect(faultsIn(withProvider(provider)).join()).not.toContain('sk-secret');
  });

  it('says where the key of a provider belongs', () => {
    const [fault] = faultsIn(withProvider({ name: 'x', base_url: baseUrl, api_key: 'sk-secret' }));
    expect(fault).toMatch(/^lanes\.a\.providers\.0\.api_key: unknown; expected one of name, .*; api_key_env names it$/);
  });
});
