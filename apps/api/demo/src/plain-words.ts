/** Says in plain words what went wrong, and what to do about it. */
import { HoldfastApiError, HoldfastConnectionError, type JobError } from '/demo/client/index.js';

/** The text for a failed request. */
export function wordsFor(error: unknown): string {
  if (error instanceof HoldfastConnectionError) {
    return 'The server can’t be reached. Try again: the request has the same key, so nothing is done or paid for twice.';
  }
  if (!(error instanceof HoldfastApiError)) return `This page failed: ${error}. Reload it; the job is not affected.`;
  const reference = error.requestId === null ? '' : ` (Request ${error.requestId}.)`;
  return wordsForStatus(error) + (error.status >= 500 ? reference : '');
}

function wordsForStatus(error: HoldfastApiError): string {
  switch (error.status) {
    case 401:
      return 'That API key isn’t accepted. Paste the one that “npm start” printed; it begins with hold_.';
    case 403:
      return 'This API key may not do that. Use a key with the scopes “submit” and “read”.';
    case 404:
      return 'This API key has no job at this address. It may have been deleted, or belong to another key.';
    case 429:
      return 'Too many requests for this API key. Wait a moment, then try again.';
    default:
      if (error.status >= 500) return `The server has a problem: ${error.message} Try again in a moment.`;
      return error.param === null ? error.message : `${error.message} (Field: ${error.param}.)`;
  }
}

const jobErrorWords: Record<string, string> = {
  provider_rate_limited: 'The provider says that it gets too many requests',
  provider_unavailable: 'The provider is not available',
  provider_timeout: 'The provider took too long',
  provider_stalled: 'The provider stopped sending in the middle of the answer',
  provider_stream_cut: 'The provider broke off in the middle of the answer',
  provider_unauthorized: 'The provider refuses the server’s own key',
  provider_not_found: 'The provider doesn’t know this model',
  deadline_exceeded: 'The job’s deadline has passed',
  crash_limit: 'The job’s workers crashed too often',
};

/** Why an attempt or the job failed, without a full stop. */
export function wordsForJobError(error: JobError): string {
  if (error.status !== undefined && error.status >= 400) return `The provider answered ${error.status}`;
  return jobErrorWords[error.code] ?? error.message.replace(/\.$/, '');
}
