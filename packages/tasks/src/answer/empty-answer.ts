import { AttemptError } from '@holdfast/core';

/** A model that only thinks, or says nothing. It has been asked twice. */
export function emptyAnswer(): AttemptError {
  return new AttemptError('provider_bad_response', 'The model was asked twice, and answered without a text each time.');
}
