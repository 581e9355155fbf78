/** Asks a provider to end a response that runs in the background. */
import type { AttemptError } from '@holdfast/core';
import { ask, withConnection } from './ask-provider.ts';
import type { Upstream } from './upstream.ts';

/** Statuses that mean: the response has ended, was never in the background, or is gone. */
const endedStatuses = new Set<number | undefined>([400, 404, 409, 410, 422]);

/** @throws AttemptError where the response may go on */
export async function cancelResponse(upstream: Upstream, responseId: string, timeoutMs: number): Promise<void> {
  try {
    await withConnection(upstream, new AbortController().signal, async (connection) => {
      const timer = setTimeout(() => connection.fail(upstream.failures.timeout(timeoutMs)), timeoutMs);
      try {
        const path = `/responses/${encodeURIComponent(responseId)}/cancel`;
        const response = await ask(upstream, { method: 'post', path }, connection);
        // The answer is the response, which is not needed here.
        await response.body?.cancel();
      } finally {
        clearTimeout(timer);
      }
    });
  } catch (error) {
    if (!endedStatuses.has((error as AttemptError).status)) throw error;
  }
}
