/**
 * Which of its lane's providers a call goes to:
 *
 *   1. a response that runs at a provider is taken up there, whatever its breaker says
 *   2. a call that can be repeated under its key goes to the same provider: always where it may not be paid twice
 *      (`on_ambiguous: fail`), else while that one's breaker lets it through
 *   3. otherwise the first whose breaker lets it through, but for those that have failed it already
 *
 * Where none is left, the call waits until a breaker lets it through: `await-provider.ts`.
 */
import { AttemptError, type TriedProvider } from '@holdfast/core';
import type { Pass } from '@holdfast/providers';
import type { CallSlot } from './call-slots.ts';
import type { Lane, LaneProvider } from './lane-providers.ts';

export interface Choice {
  by: LaneProvider;
  /** null: it goes past the breaker, which learns nothing. */
  pass: Pass | null;
}

/** A call that a provider has failed. */
export interface Failure {
  by: LaneProvider;
  error: AttemptError;
  /** It was to find out whether the provider is well again. */
  isTrial: boolean;
  /** Readers have something of it. */
  hasEmitted: boolean;
}

interface Wanted {
  /** What an earlier attempt has left of the call. */
  left: CallSlot | undefined;
  /** It may not be paid twice. */
  paysOnce: boolean;
  /** Providers that have failed the call in this attempt. */
  failed: readonly Failure[];
  /** Providers that are asked last. */
  last: readonly TriedProvider[];
}

/** null: no provider is left that a call could go to now. */
export function chooseProvider(lane: Lane, { left, paysOnce, failed, last }: Wanted): Choice | null {
  const own = left && lane.providers.find(({ provider }) => provider.name === left.provider);
  if (own && (left.response || paysOnce)) return { by: own, pass: own.breaker.enter() };
  const isLast = ({ provider }: LaneProvider) => last.some((one) => one.provider === provider.name);
  const order = [
    ...(own ? [own] : []),
    ...lane.providers.filter((one) => !isLast(one)),
    ...(failed.length === 0 ? lane.providers.filter(isLast) : []),
  ];
  for (const by of order) {
    if (failed.some((one) => one.by === by)) continue;
    const pass = by.breaker.enter();
    if (pass) return { by, pass };
  }
  return null;
}

/** Nobody may be called: as soon as a breaker lets a call through, the job can go on. */
export function nobodyLeft({ providers }: Lane): AttemptError {
  const names = providers.map(({ provider }) => provider.name).join(', ');
  const tried = providers.flatMap(({ breaker }) => breaker.why ?? []);
  return new AttemptError('provider_unavailable', `No provider can be called now (${names}): ${listed(tried)}.`, {
    retryable: true,
    retryAfterMs: Math.min(...providers.map(({ breaker }) => breaker.waitMs)),
    tried,
  });
}

/**
 * What is to be said of a call that several providers have failed. It is worth another try if one of them thinks so: the
 * last of these speaks for all.
 */
export function sumUp(failed: readonly Failure[], before: readonly TriedProvider[]): AttemptError | undefined {
  const error = (failed.findLast((one) => one.error.retryable) ?? failed.at(-1))?.error;
  const tried = [...before, ...failed.map(triedOf)];
  if (!error || tried.length < 2) return error;
  const { code, message, retryable, retryAfterMs, status, provider, cause, ambiguous } = error;
  return new AttemptError(code, `${message} (tried: ${listed(tried)})`, {
    ...{ retryable, ambiguous, cause, tried },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status === undefined ? {} : { status }),
    ...(provider === undefined ? {} : { provider }),
  });
}

export function triedOf({ by, error: { code, status } }: Pick<Failure, 'by' | 'error'>): TriedProvider {
  return { provider: by.provider.name, code, ...(status === undefined ? {} : { status }) };
}

function listed(tried: readonly TriedProvider[]): string {
  return tried.map(({ provider, code, status }) => `${provider} ${code}${status ? ` ${status}` : ''}`).join(', ');
}
