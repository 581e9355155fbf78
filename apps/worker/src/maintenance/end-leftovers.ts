/**
 * A maintenance task, once a second: ends responses that run on at a provider although their jobs have ended without a worker.
 * Those were cancelled, or passed their deadline, while they waited for another attempt. One process has each leftover for 30 s.
 * If the provider refuses, or isn't known here, it is tried again for ten minutes.
 */
import type { Cell } from '@holdfast/cell';
import type { Logger } from '@holdfast/core';
import { claimLeftovers, dropLeftovers } from '@holdfast/journal';
import { endResponses } from '../calls/end-responses.ts';
import type { Lane } from '../lanes/lane-providers.ts';

interface LeftoverOptions {
  cell: Cell;
  lanes: ReadonlyMap<string, Lane>;
  logger: Logger;
  /** For statistics. */
  onEnded?: (responses: number) => void;
}

const EVERY_MS = 1_000;
const MAX_AT_ONCE = 50;
const GIVE_UP_MS = 600_000;

export function startEndingLeftovers(options: LeftoverOptions): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    endLeftovers(options)
      .then((ended) => options.onEnded?.(ended))
      .catch((error: unknown) => options.logger.warn({ error }, 'leftovers not ended'))
      .finally(() => {
        isBusy = false;
      });
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** One round. @returns how many it dropped */
export async function endLeftovers({ cell, lanes, logger }: LeftoverOptions): Promise<number> {
  const leftovers = await claimLeftovers(cell, MAX_AT_ONCE);
  const over = await Promise.all(
    leftovers.map(async (leftover) => {
      const { provider, response } = leftover.call;
      const left = response
        ? await endResponses(lanes.get(leftover.lane), [{ provider, id: response.id }], logger)
        : [];
      return left.length === 0 || Date.now() - leftover.since > GIVE_UP_MS ? [leftover] : [];
    }),
  );
  await dropLeftovers(cell, over.flat());
  return over.flat().length;
}
