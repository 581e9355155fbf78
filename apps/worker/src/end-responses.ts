/** Ends responses that run in the background for a job that is over: otherwise they would be paid to their ends. */
import type { Logger, Provider } from '@holdfast/core';

/** Never throws: the job is over whether the provider obeys or not, and the log says when it didn't. */
export async function endResponses(
  provider: Provider | undefined,
  responseIds: readonly string[],
  logger: Logger,
): Promise<void> {
  const end = async (responseId: string) => {
    try {
      await provider?.cancelResponse?.(responseId);
    } catch (error) {
      logger.warn({ responseId, error }, 'the provider did not end this response; it may run on, and be paid');
    }
  };
  await Promise.all(responseIds.map(end));
}
