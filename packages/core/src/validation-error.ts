import type { z } from 'zod';
import { RequestError } from './error.ts';

/** Translates zod's issues, with dotted paths below `prefix`. At most ten, even for a million wrong messages. */
export function validationError(error: z.ZodError, prefix = ''): RequestError {
  const issues = error.issues.slice(0, 10).map((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
    const path = [...(prefix ? [prefix] : []), ...issue.path, ...unknown].map(String).join('.');
    return { path, message: issue.message };
  });
  const [first] = issues;
  const where = first?.path ? `${first.path}: ` : '';
  return new RequestError('validation_failed', `${where}${first?.message ?? 'is not valid'}`, { issues });
}
