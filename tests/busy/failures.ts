/** What failed in runs of Jest, by its own reports (`--json`). */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** As much of it as is read here. */
export interface JestReport {
  numPassedTests: number;
  testResults: {
    /** Path of the test file. */
    name: string;
    status: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

/** Null where there is none. */
export function readReport(file: string): JestReport | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestReport;
  } catch {
    return null;
  }
}

/** As `file › test`; a file that could not even be run, or failed as a whole, by its name alone. */
export function failuresIn({ testResults }: JestReport, root: string): string[] {
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0 && status === 'failed') return [file];
    return failed.map(({ fullName }) => `${file} › ${fullName}`);
  });
}

/** Each that failed and in how many runs, the most frequent first. */
export function tally(failures: readonly (readonly string[])[]): { name: string; times: number }[] {
  const times = new Map<string, number>();
  for (const name of failures.flatMap((failed) => [...new Set(failed)])) times.set(name, (times.get(name) ?? 0) + 1);
  return [...times].map(([name, count]) => ({ name, times: count })).sort((a, b) => b.times - a.times);
}
