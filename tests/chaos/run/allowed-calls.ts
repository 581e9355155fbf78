/**
 * What a job may cost, in provider calls, by its lane:
 *
 *   idempotent, background-keyed  one
 *   plain       one, and those that Holdfast counts as ambiguous: it can neither take them up nor repeat them
 *   background  one, and those that are ambiguous because the worker was gone before the provider had named the
 *               response. Once the journal has a piece of the answer, the name was kept, and nothing is paid again
 */
import type { Lane } from './scene.ts';

const ANSWER = /^event: (text\.delta|provider\.event)$/m;

/** Attempts that came to nothing before the first that brought a piece of the answer. */
function attemptsInVain(log: string): number {
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
      return 1 + Math.min(ambiguousCalls, attemptsInVain(log));
  }
}
