/**
 * Orders to the simulator: the members `sim` and `case` of a request's metadata. The simulator counts calls by case, and a job
 * that names none is a case of its own, so that what is ordered for its first calls happens to these and to no other job's.
 */
import { isJsonObject, type JsonObject } from '@holdfast/core';

type Metadata = Readonly<Record<string, string>>;

/**
 * Of a job's metadata, what steers the simulator. The rest is the client's own and stays here; and OpenAI refuses chat
 * completions with metadata that aren't stored (400, "only allowed when 'store' is enabled").
 */
export function simulatorOrders(metadata: Metadata, jobId: string): Metadata {
  const orders = Object.fromEntries(Object.entries(metadata).filter(([name]) => name === 'sim' || name === 'case'));
  return 'sim' in orders ? { case: jobId, ...orders } : orders;
}

/** A body that is passed through, as it came: its orders are given a case where they name none. */
export function withCase(body: JsonObject, jobId: string): JsonObject {
  const { metadata } = body;
  if (!isJsonObject(metadata) || metadata.sim === undefined || metadata.case !== undefined) return body;
  return { ...body, metadata: { ...metadata, case: jobId } };
}
