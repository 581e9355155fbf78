import { describe, expect, it } from '@jest/globals';
import { type Lanes, laneFor, lanesSchema } from './lanes.ts';

// cspell:ignore axxbyyc

const providers = [{ name: 'main', base_url: 'http://127.0.0.1:1/v1' }];
const lanesOf = (models: Record<string, string[]>): Lanes =>
  lanesSchema.parse(
    Object.fromEntries(Object.entries(models).map(([name, list]) => [name, { models: list, providers }])),
  );

describe('laneFor', () => {
  it('takes the first lane with a pattern that fits, in the order they are written', () => {
    const lanes = lanesOf({ zeta: ['gpt-4*'], alpha: ['gpt-*', 'o1'], rest: ['*'] });
    expect(laneFor(lanes, 'gpt-4o')).toBe('zeta');
    expect(laneFor(lanes, 'gpt-3.5')).toBe('alpha');
    expect(laneFor(lanes, 'o1')).toBe('alpha');
    expect(laneFor(lanes, 'llama')).toBe('rest');
    expect(laneFor(lanesOf({ first: ['o*'], later: ['o1', 'p1'] }), 'o1')).toBe('first');
  });

  it('is null where no lane serves the model', () => {
    expect(laneFor(lanesOf({ a: ['gpt-*'] }), 'claude')).toBeNull();
    expect(laneFor(lanesOf({ a: ['gpt-*'] }), 'my-gpt-4')).toBeNull();
    expect(laneFor(lanesOf({ a: ['gpt'] }), 'gpt-4')).toBeNull();
    expect(laneFor(lanesOf({ a: ['gpt'] }), 'GPT')).toBeNull();
  });

  it('lets * stand for any characters, none and line breaks among them, wherever it is', () => {
    const lanes = lanesOf({ a: ['org/*-mini', '*:free', 'a*b*c'] });
    for (const model of ['org/x-mini', 'org/-mini', 'x:free', 'abc', 'axxbyyc', 'org/a\nb-mini']) {
      expect(laneFor(lanes, model)).toBe('a');
    }
    for (const model of ['org/mini', 'x:freed', 'acb', 'org/x-mini\n']) expect(laneFor(lanes, model)).toBeNull();
  });

  it('takes every other character for itself', () => {
    const odd = 'm.(x)+[y]?{1,2}^$|\\d';
    const lanes = lanesOf({ a: [odd] });
    expect(laneFor(lanes, odd)).toBe('a');
    for (const model of ['mx(x)+[y]?{1,2}^$|\\d', 'm.', 'd', '', 'm.x+y']) expect(laneFor(lanes, model)).toBeNull();
  });
});

describe('lanesSchema', () => {
  const lane = { models: ['*'], providers };

  it('takes lanes as they are, and believes nothing of a provider that is not said', () => {
    const lanes = {
      a: { ...lane, models: ['a*'] },
      'b-2': { models: ['x'], providers: [{ ...providers[0], api_key_env: 'KEY' }] },
    };
    const parsed = lanesSchema.parse(lanes);
    expect(parsed).toMatchObject(lanes);
    expect(parsed.a).toMatchObject({ background: false, idempotency_header: false, max_calls: 6 });
    const openAi = { ...lane, providers: [{ name: 'main', base_url: 'https://api.openai.com/v1' }] };
    expect(lanesSchema.parse({ a: openAi }).a).toMatchObject({ background: true });
    expect(lanesSchema.parse({ a: { ...openAi, background: false } }).a).toMatchObject({ background: false });
    const able = { ...lane, background: true, idempotency_header: true };
    expect(lanesSchema.parse({ able })).toEqual({ able: { ...able, limits: {}, max_calls: 6 } });
  });

  it.each<[Record<string, string[]>, string]>([
    [{ rest: ['*'], o: ['o1'] }, 'no model reaches this lane: "*" of lane rest, which comes first, matches "o1"'],
    [{ rest: ['*'], again: ['*'] }, 'no model reaches this lane: "*" of lane rest, which comes first, matches "*"'],
    [{ a: ['gpt-*', 'x'], b: ['y'], c: ['gpt-4*', 'y'] }, '"gpt-*" of lane a, which comes first, matches "gpt-4*"'],
    [{ a: ['*a*'], b: ['*a', 'aa*'] }, '"*a*" of lane a, which comes first, matches "*a"'],
  ])('refuses a lane that no model can reach: %j', (lanes, message) => {
    expect(() => lanesOf(lanes)).toThrow(JSON.stringify(message).slice(1, -1));
  });

  it.each<[Record<string, string[]>]>([
    [{ o: ['o1'], rest: ['*'] }],
    [{ a: ['gpt-4*'], b: ['gpt-*'] }],
    [{ a: ['gpt-*'], b: ['gpt-4*', 'o1'] }],
    [{ a: ['a*'], b: ['*'] }],
    [{ a: ['x', 'x'] }],
  ])('takes lanes that some model gets to: %j', (lanes) => {
    expect(Object.keys(lanesOf(lanes))).toEqual(Object.keys(lanes));
  });

  it.each<[string, unknown]>([
    ['no lane', {}],
    ['a name with a colon', { 'a:b': lane }],
    ['a name that starts with a digit', { '1a': lane }],
    ['a name in capitals', { Default: lane }],
    ['a name of 64 characters', { ['a'.repeat(64)]: lane }],
    ['no models', { a: { ...lane, models: [] } }],
    ['an empty pattern', { a: { ...lane, models: [''] } }],
    ['no provider', { a: { ...lane, providers: [] } }],
    ['two providers', { a: { ...lane, providers: [...providers, ...providers] } }],
    ['an address that is not HTTP', { a: { ...lane, providers: [{ name: 'x', base_url: 'file:///etc/passwd' }] } }],
    ['a key in the file', { a: { ...lane, providers: [{ ...providers[0], api_key: 'sk-1' }] } }],
    ['an unknown setting', { a: { ...lane, color: 'red' } }],
  ])('refuses %s', (_, lanes) => {
    expect(lanesSchema.safeParse(lanes).success).toBe(false);
  });
});
