import type { z } from 'zod';

/** So many are told of: a model needs no more to see what is wrong. */
const MOST_ISSUES = 10;

/** What doesn't fit, and where, in one line. Never what was there instead. */
export function describeIssues({ issues }: z.ZodError): string {
  return issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => `${path.join('.') || '(the whole)'}: ${message}`)
    .join('; ');
}
