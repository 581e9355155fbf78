import { describe, expect, it } from '@jest/globals';
import { simulatorInstructions, withCase } from './simulator-instructions.ts';

describe('instructions to the simulator', () => {
  it('are all of a job’s metadata that a task’s calls carry', () => {
    expect(simulatorInstructions({ user: 'u1', sim: 'tokens=5', case: 'c' }, 'job_1')).toEqual({
      sim: 'tokens=5',
      case: 'c',
    });
    expect(simulatorInstructions({ user: 'u1' }, 'job_1')).toEqual({});
  });

  it('are counted by job where they name no case', () => {
    expect(simulatorInstructions({ sim: 'fail=400' }, 'job_1')).toEqual({ sim: 'fail=400', case: 'job_1' });
    const body = { model: 'sim', metadata: { sim: 'fail=400', user: 'u1' } };
    expect(withCase(body, 'job_1')).toEqual({ model: 'sim', metadata: { sim: 'fail=400', user: 'u1', case: 'job_1' } });
  });

  it.each([
    { model: 'sim' },
    { model: 'sim', metadata: null },
    { model: 'sim', metadata: { user: 'u1' } },
    { model: 'sim', metadata: { sim: 'fail=400', case: 'c' } },
  ])('are the only thing that is added to in a body that is passed through: %j is passed as it came', (body) => {
    expect(withCase(body, 'job_1')).toBe(body);
  });
});
