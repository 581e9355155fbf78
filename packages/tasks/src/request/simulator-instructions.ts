/**
 * Instructions to the simulator: the members `sim` and `case` of a request's metadata. The simulator counts calls by case. A job
 * that names no case is a case of its own: so instructions for its first calls don't reach another job's.
 */
import { isJsonObject, type JsonObject } from '@holdfast/core';

type Metadata = Readonly<Record<string, string>>;

/**
 * The part of a job's metadata that steers the simulator. The rest is the client's own and is not sent. OpenAI also refuses
 * metadata of chat completions that are not stored (400, "only allowed when 'store' is enabled").
 */
export function simulatorInstructions(metadata: Metadata, jobId: string): Metadata {
  const instructions = Object.fromEntries(
    Object.entries(metadata).filter(([name]) => name === 'sim' || name === 'case'),
  );
  return 'sim' in instructions ? { case: jobId, ...instructions } : instructions;
}

/** The body that is passed through. If it instructs the simulator and names no case, the job's id is its case. */
export function withCase(body: JsonObject, jobId: string): JsonObject {
  const { metadata } = body;
  if (!isJsonObject(metadata) || metadata.sim === undefined || metadata.case !== undefined) return body;
  return { ...body, metadata: { ...metadata, case: jobId } };
}
