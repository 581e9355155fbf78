import { describe, expect, it } from '@jest/globals';
import { failuresIn, type JestReport, readReport, tally } from './failures.ts';

const test = (fullName: string, status: string) => ({ fullName, status });
const report: JestReport = {
  numPassedTests: 2,
  testResults: [
    {
      name: '/root/tests/a.test.ts',
      status: 'failed',
      assertionResults: [test('a does', 'passed'), test('a fails', 'failed')],
    },
    { name: '/root/tests/b.test.ts', status: 'failed', assertionResults: [] },
    { name: '/root/tests/c.test.ts', status: 'passed', assertionResults: [test('c does', 'passed')] },
  ],
};

describe('the failures of a run', () => {
  it('are its tests that failed, and its files that could not be run', () => {
    expect(failuresIn(report, '/root')).toEqual(['tests/a.test.ts › a fails', 'tests/b.test.ts']);
  });

  it('are counted over the runs, the most frequent first', () => {
    expect(tally([['b'], [], ['a', 'b', 'b'], ['b']])).toEqual([
      { name: 'b', times: 3 },
      { name: 'a', times: 1 },
    ]);
  });

  it('are unknown where no report was written', () => {
    expect(readReport('/none.json')).toBeNull();
  });
});
