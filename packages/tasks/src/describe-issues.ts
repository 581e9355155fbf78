import type { z } from 'zod';

/** A model needs no more of them to see what is wrong. */
const MAX_ISSUES = 10;

/** What doesn't fit, and where, in one line. The values themselves are not shown. */
export function describeIssues({ issues }: z.ZodError): string {
  return issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => `${path.join('.') || '(the whole)'}: ${message}`)
    .join('; ');
}
