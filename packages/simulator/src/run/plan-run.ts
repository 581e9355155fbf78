/** Creates the run of an answer: it counts for its case, and waits where its connection will have a fault. */

import type { JsonObject } from '../http/json.ts';
import type { Faults } from '../instructions/faults.ts';
import type { Call } from '../routes/serve-call.ts';
import type { World } from '../world.ts';
import { Run } from './run.ts';

interface RunPlan {
  faults: Faults;
  detached: boolean;
  /** Output tokens of the answer. */
  tokens: number;
  toBody: () => JsonObject;
}

/** A fault that is requested beyond the last token happens after the last token. */
export function boundFaults(faults: Faults, tokens: number): Faults {
  const bound = (after: number | null) => (after === null ? null : Math.min(after, tokens));
  return { ...faults, cutAfter: bound(faults.cutAfter), stallAfter: bound(faults.stallAfter) };
}

export function planRun(world: World, { caseName, instructions }: Call, plan: RunPlan): Run {
  const { cutAfter, stallAfter } = plan.faults;
  const holds = [cutAfter, stallAfter].filter((after) => after !== null);
  return new Run({
    detached: plan.detached,
    holdAt: plan.detached || holds.length === 0 ? null : Math.min(...holds),
    pause:
      instructions.pause_after === null ? null : { at: instructions.pause_after, ended: world.pauses.endOf(caseName) },
    toBody: plan.toBody,
    onTokens: (tokens) => world.counts.addTokens(caseName, tokens),
    onReaderLeft: () => world.counts.addLeft(caseName),
    onEnd: (end) => {
      if (end === 'completed') world.counts.addEnd(caseName, 'completed');
      if (end === 'aborted' || end === 'cancelled') world.counts.addEnd(caseName, 'aborted');
    },
  });
}
