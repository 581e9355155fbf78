/**
 * How many provider calls a job may make, by its lane:
 *
 *   idempotent, background-keyed  one
 *   plain       one, plus those that Holdfast counts as ambiguous. It can neither resume such a call nor repeat it for free.
 *   background  one, plus the ambiguous calls whose worker died before the provider had named the response. Once the
 *               journal has a piece of the answer, the response's id is stored, and nothing is paid for again.
 */
import type { Lane } from './scene.ts';

const ANSWER = /^event: (text\.delta|provider\.event)$/m;

/** Attempts without any text before the first attempt that brought a piece of the answer. */
function emptyAttempts(log: string): number {
  const attempts = log.split(/^event: attempt\.started$/m).slice(1);
  const first = attempts.findIndex((events) => ANSWER.test(events));
  return first === -1 ? Math.max(0, attempts.length - 1) : first;
}

export function allowedCalls(lane: Lane, ambiguousCalls: number, log: string): number {
  switch (lane) {
    case 'idempotent':
    case 'background-keyed':
      return 1;
    case 'plain':
      return 1 + ambiguousCalls;
    case 'background':
      return 1 + Math.min(ambiguousCalls, emptyAttempts(log));
  }
}
