/**
 * What a call knows about the response that it follows in the background:
 *
 *   requested ──id──▶ known ──failed, cancelled, lost──▶ over
 *       └──the provider refuses the background: the call is a plain one
 *
 * Once it is known, a call that breaks off loses no money: the response can be resumed until it is over.
 */
import type { AttemptError, JsonObject, JsonValue, ProviderCall } from '@holdfast/core';
import type { Failures } from '../failure/failures.ts';

export interface BackgroundResponse {
  /** null: not known yet. */
  id: string | null;
  /** The event number after which the caller resumes it; null: this call has created it. */
  readonly after: number | null;
  /** An event came that the caller didn't have. */
  hasNews: boolean;
  /** It has ended without an answer. */
  isOver: boolean;
}

/** null: a plain call. */
export function backgroundOf({ endpoint, body, background, resume }: ProviderCall): BackgroundResponse | null {
  if (resume) return { id: resume.responseId, after: resume.after, hasNews: false, isOver: false };
  if (endpoint !== 'responses' || !background || body.store === false) return null;
  return { id: null, after: null, hasNews: false, isOver: false };
}

/** The id, when `response` is the first to have it. */
export function learnId(background: BackgroundResponse, response: JsonObject): string | null {
  // A provider that ignores `background` answers in the foreground, and stores nothing.
  if (background.id !== null || response.background === false || !isUsableId(response.id)) return null;
  background.id = response.id;
  return response.id;
}

/** Statuses that mean: there is no such response, or responses can't be retrieved at all. */
const goneStatuses = new Set([400, 404, 405, 410, 422, 501]);

/** The meaning of a failure for a call with a response in the background. */
export function classifyInBackground(error: AttemptError, background: BackgroundResponse, failures: Failures) {
  if (background.id === null) return error;
  // Once the id is known, every request is about this response.
  if (error.status !== undefined && goneStatuses.has(error.status)) return failures.gone(error);
  return failures.withAmbiguity(error, background.isOver);
}

/** The id becomes part of a path, where `.` and `..` would lead elsewhere. */
function isUsableId(id: JsonValue | undefined): id is string {
  return typeof id === 'string' && /^(?!\.+$)[\x21-\x7e]{1,1024}$/.test(id);
}
