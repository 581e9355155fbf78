import { describe, expect, it } from '@jest/globals';
import { LineLimiter } from './line-limiter.ts';

function limiter() {
  const clock = { ms: 1_000 };
  const lines = new LineLimiter({ perSecond: 10, now: () => clock.ms });
  return { clock, admit: (times: number) => Array.from({ length: times }, () => lines.admit()) };
}

describe('LineLimiter', () => {
  it('lets as many through at once as it allows a second, and holds back the rest', () => {
    expect(limiter().admit(12)).toEqual([...Array(10).fill(0), null, null]);
  });

  it('lets one more through for every tenth of a second, and says what it held back', () => {
    const { clock, admit } = limiter();
    admit(15);
    clock.ms += 99;
    expect(admit(1)).toEqual([null]);
    clock.ms += 1;
    expect(admit(2)).toEqual([6, null]);
    clock.ms += 200;
    expect(admit(3)).toEqual([1, 0, null]);
  });

  it('saves up at most a second, however long it was quiet', () => {
    const { clock, admit } = limiter();
    clock.ms += 3_600_000;
    expect(admit(11)).toEqual([...Array(10).fill(0), null]);
  });
});
