/** Ends a response that runs in the background for a job that is over: otherwise it would be paid to its end. */
import type { Logger, Provider } from '@holdfast/core';

/** Never throws: the job is over whether the provider obeys or not, and the log says when it didn't. */
export async function endResponse(provider: Provider | undefined, responseId: string, logger: Logger): Promise<void> {
  try {
    await provider?.cancelResponse?.(responseId);
  } catch (error) {
    logger.warn({ responseId, error }, 'the provider did not end this response; it may run on, and be paid');
  }
}
