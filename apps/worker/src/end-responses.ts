/** Ends responses that run in the background for a job that is over: otherwise they would be paid to their ends. */
import type { Logger } from '@holdfast/core';
import type { LeftResponse } from '@holdfast/journal';
import type { Lane } from './lane-providers.ts';

/**
 * Each is ended at the provider that runs it. Never throws: the job is over whether the provider obeys or not, and the log
 * says when it didn't.
 */
export async function endResponses(
  lane: Lane | null | undefined,
  responses: readonly LeftResponse[],
  logger: Logger,
): Promise<void> {
  const end = async ({ provider: name, id }: LeftResponse) => {
    const ours = lane?.providers.find(({ provider }) => provider.name === name);
    try {
      if (!ours) throw new Error('this lane has no such provider any more');
      await ours.provider.cancelResponse?.(id);
    } catch (error) {
      logger.warn({ provider: name, responseId: id, error }, 'a response was not ended; it may run on, and be paid');
    }
  };
  await Promise.all(responses.map(end));
}
