/** Cancels responses that run in the background for a job that is over: otherwise they would be paid to their ends. */
import type { Logger } from '@holdfast/core';
import type { Lane } from '../lanes/lane-providers.ts';

/** A response that may still run at its provider. */
export interface OpenResponse {
  provider: string;
  id: string;
}

/**
 * Cancels each at the provider that runs it. Never throws: the job is over whether the provider obeys or not, and the log says
 * if it didn't. @returns those that were not cancelled
 */
export async function endResponses(
  lane: Lane | null | undefined,
  responses: readonly OpenResponse[],
  logger: Logger,
): Promise<OpenResponse[]> {
  const end = async (response: OpenResponse) => {
    const { provider: name, id } = response;
    const ours = lane?.providers.find(({ provider }) => provider.name === name);
    try {
      if (!ours) throw new Error('the lane no longer has this provider');
      await ours.provider.cancelResponse?.(id);
      return [];
    } catch (error) {
      logger.warn(
        { provider: name, responseId: id, error },
        'a response was not cancelled; it may run on, and be paid',
      );
      return [response];
    }
  };
  return (await Promise.all(responses.map(end))).flat();
}
