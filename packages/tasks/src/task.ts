/** A task: what a client may ask for, by name. */
import type { JsonObject, ProviderEndpoint } from '@holdfast/core';
import type { z } from 'zod';

export interface Task {
  readonly name: string;
  readonly summary: string;
  /** Checks a job's `input` at submit, so that what can't work is refused before it is queued or paid for. */
  readonly input: z.ZodType<JsonObject & { model: string }>;
  /** The provider's surface that the input is passed to. */
  readonly endpoint: ProviderEndpoint;
}
