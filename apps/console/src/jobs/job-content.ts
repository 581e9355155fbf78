/** Prompt and answer of a job. What is too large to be shown is left out, and named. */
import type { JobContent } from '@holdfast/admin';
import type { JsonValue } from '@holdfast/core';
import { jobNotFound, MAX_READ_WHOLE } from '@holdfast/journal';
import type { FoundInCell } from './find-job.ts';

export async function readContent({ cell, job: { id } }: FoundInCell): Promise<JobContent> {
  const [text, found] = await Promise.all([cell.journal.requestText(id), cell.journal.get(id)]);
  if (found === null) throw jobNotFound(id);
  const { output, output_text } = found.job;
  const { output: outputSize = 0, text: textSize = 0 } = found.large ?? {};
  const isLong = text !== null && text.length > MAX_READ_WHOLE;
  return {
    request: text === null || isLong ? null : (JSON.parse(text) as JsonValue),
    output,
    output_text,
    cut: [
      ...(isLong ? ['request' as const] : []),
      ...(outputSize > 0 ? ['output' as const] : []),
      ...(textSize > 0 || (outputSize > 0 && output_text === null) ? ['output_text' as const] : []),
    ],
  };
}
