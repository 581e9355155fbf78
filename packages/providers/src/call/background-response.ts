/**
 * What one call knows of the response that it follows in the background:
 *
 *   asked for ──id──▶ known ──failed, cancelled, lost──▶ over
 *       └──the provider denies it: never known, and the call is a plain one
 *
 * Once it is known, a call that breaks off has lost no payment: the response can be taken up again, until it is over.
 */
import type { AttemptError, JsonObject, JsonValue, ProviderCall } from '@holdfast/core';
import type { Failures } from '../failure/failures.ts';

export interface BackgroundResponse {
  /** Null until the provider has told it. */
  id: string | null;
  /** The number after which the caller takes it up; null where this call has made it. */
  readonly after: number | null;
  /** An event came that the caller hadn't been told of. */
  hasNews: boolean;
  /** It has ended without an answer. */
  isOver: boolean;
}

/** Null for a plain call. */
export function backgroundOf({ endpoint, body, background, resume }: ProviderCall): BackgroundResponse | null {
  if (resume) return { id: resume.responseId, after: resume.after, hasNews: false, isOver: false };
  if (endpoint !== 'responses' || !background || body.store === false) return null;
  return { id: null, after: null, hasNews: false, isOver: false };
}

/** The id, where `response` is what first tells it. */
export function learnId(background: BackgroundResponse, response: JsonObject): string | null {
  // A provider that ignores what it doesn't know answers in the foreground, and keeps nothing.
  if (background.id !== null || response.background === false || !isUsableId(response.id)) return null;
  background.id = response.id;
  return response.id;
}

/** Statuses by which a provider says that there is no such response, or that none can be retrieved at all. */
const goneStatuses = new Set([400, 404, 405, 410, 422, 501]);

/** What a failure means where a response in the background is behind the call. */
export function classifyInBackground(error: AttemptError, background: BackgroundResponse, failures: Failures) {
  if (background.id === null) return error;
  // Whatever was asked once the id was known was asked about it.
  if (error.status !== undefined && goneStatuses.has(error.status)) return failures.gone(error);
  return failures.withAmbiguity(error, background.isOver);
}

/** It becomes a part of a path, where `.` and `..` would lead elsewhere. */
function isUsableId(id: JsonValue | undefined): id is string {
  return typeof id === 'string' && /^(?!\.+$)[\x21-\x7e]{1,1024}$/.test(id);
}
