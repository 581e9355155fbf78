/** Errors as clients get them: RFC 9457 problem documents, with an `error` member so that OpenAI's SDKs show them too. */
import type { RequestError } from '@holdfast/core';
import { z } from 'zod';

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: 'Stable; branch on this.' }),
    param: z.string().nullable().meta({ description: 'The wrong field or header, as `input.messages.0.role`.' }),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    request_id: z.string().optional(),
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string(),
    }),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;

export const PROBLEM_TYPE = 'application/problem+json';

/** The problem document of an error. */
export function problemOf(error: RequestError, requestId: string | undefined): Problem {
  const { code, status, message, param } = error;
  const kind = status >= 500 ? 'server_error' : status === 429 ? 'rate_limit_error' : 'invalid_request_error';
  return {
    type: `urn:holdfast:error:${code}`,
    title: code.replaceAll('_', ' '),
    status,
    detail: message,
    code,
    param,
    ...(error.issues.length > 0 ? { issues: [...error.issues] } : {}),
    ...(requestId === undefined ? {} : { request_id: requestId }),
    error: { message, type: kind, param, code },
  };
}
