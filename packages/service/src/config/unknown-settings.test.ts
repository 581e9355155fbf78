import { describe, expect, it } from '@jest/globals';
import { holdfastSettings, unknownSettings, warnOfUnknownSettings } from './unknown-settings.ts';

// cspell:ignore PREFX

describe('a HOLDFAST_… variable that nothing reads', () => {
  it('is warned of with the known one that is nearest, and without its value', () => {
    expect(warnOfUnknownSettings({ HOLDFAST_PREFX: 'secret', HOLDFAST_BOOTSTRAP_KEYS: 'secret' })).toEqual([
      'HOLDFAST_PREFX is set, and nothing reads it: did you mean HOLDFAST_PREFIX?',
      'HOLDFAST_BOOTSTRAP_KEYS is set, and nothing reads it: did you mean HOLDFAST_BOOTSTRAP_KEY?',
    ]);
  });

  it('is warned of with all that are known, where none is near', () => {
    const [warning] = warnOfUnknownSettings({ HOLDFAST_NUMBER_OF_LLAMAS: '3' });
    expect(warning).toBe(
      `HOLDFAST_NUMBER_OF_LLAMAS is set, and nothing reads it: expected one of ${holdfastSettings.join(', ')}`,
    );
  });

  it('is none that is known, that the config file names, or that belongs to something else', () => {
    const known = Object.fromEntries(holdfastSettings.map((name) => [name, 'x']));
    const env = { ...known, HOLDFAST_OWN_KEY: 'x', HOLDFAST_IMAGE: 'x', REDIS_UR: 'x', PATH: 'x' };
    expect(unknownSettings(env, ['HOLDFAST_OWN_KEY'])).toEqual([]);
  });
});
