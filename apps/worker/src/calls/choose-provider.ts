/**
 * Which of its lane's providers a call goes to:
 *
 *   1. a response that runs at a provider is resumed there, whatever its breaker says
 *   2. a call that can be repeated under its key goes to the same provider: always where it may not be paid twice
 *      (`on_ambiguous: fail`), else while that one's breaker lets it through
 *   3. otherwise the first whose breaker lets it through, except those that have failed it already
 *
 * Where none is left, the call waits until a breaker lets it through: `provider-awaiter.ts`.
 */
import { AttemptError, type TriedProvider } from '@holdfast/core';
import type { Claim } from '@holdfast/journal';
import type { Asker, Pass } from '@holdfast/providers';
import type { Lane, LaneProvider } from '../lanes/lane-providers.ts';
import type { ProviderCallState } from './provider-call-state.ts';

export interface Choice {
  by: LaneProvider;
  /** null: the call bypasses the breaker, which learns nothing. */
  pass: Pass | null;
}

/** A call that a provider has failed. */
export interface Failure {
  by: LaneProvider;
  error: AttemptError;
  /** A trial: whether the provider is healthy again. */
  isTrial: boolean;
  /** Readers have something of it. */
  hasEmitted: boolean;
}

interface Wanted {
  asker: Asker;
  /** The call, where an earlier attempt began it. */
  interrupted: ProviderCallState | undefined;
  /** It may not be paid twice. */
  paysOnce: boolean;
  /** Providers that have failed the call in this attempt. */
  failed: readonly Failure[];
  /** Providers that are asked last. */
  last: readonly TriedProvider[];
}

export function askerOf({ tenant, jobId }: Pick<Claim, 'tenant' | 'jobId'>): Asker {
  return { tenant, job: jobId };
}

/** null: no provider is left that a call could go to now. */
export function chooseProvider(lane: Lane, { asker, interrupted, paysOnce, failed, last }: Wanted): Choice | null {
  const own = interrupted && lane.providers.find(({ provider }) => provider.name === interrupted.provider);
  if (own && (interrupted.response || paysOnce)) return { by: own, pass: own.breaker.enter(asker) };
  const isLast = ({ provider }: LaneProvider) => last.some((one) => one.provider === provider.name);
  const order = [
    ...(own ? [own] : []),
    ...lane.providers.filter((one) => !isLast(one)),
    ...(failed.length === 0 ? lane.providers.filter(isLast) : []),
  ];
  for (const by of order) {
    if (failed.some((one) => one.by === by)) continue;
    const pass = by.breaker.enter(asker);
    if (pass) return { by, pass };
  }
  return null;
}

/** No provider may be called for this asker now. Retryable as soon as the first breaker lets a call through. */
export function nobodyLeft({ providers }: Lane, asker: Asker): AttemptError {
  const names = providers.map(({ provider }) => provider.name).join(', ');
  const tried = providers.flatMap(({ breaker }) => breaker.why ?? []);
  return new AttemptError('provider_unavailable', `No provider can be called now (${names}): ${listed(tried)}.`, {
    retryable: true,
    retryAfterMs: Math.min(...providers.map(({ breaker }) => breaker.waitMs(asker))),
    tried,
  });
}

/**
 * The error of a call that several providers have failed. It is retryable if one of their errors is: the last such error is
 * returned.
 */
export function sumUp(failed: readonly Failure[], before: readonly TriedProvider[]): AttemptError | undefined {
  const error = (failed.findLast((one) => one.error.retryable) ?? failed.at(-1))?.error;
  const tried = [...before, ...failed.map(triedOf)];
  if (!error || tried.length < 2) return error;
  return error.with({ message: `${error.message} (tried: ${listed(tried)})`, tried });
}

/**
 * The error once no provider could be called for too long: the call's own last failure, if it had one.
 * @param nobody of `nobodyLeft`
 */
export function saidLast(last: AttemptError | null, nobody: AttemptError): AttemptError {
  if (!last) return nobody;
  const { provider, code, status } = last;
  const own = last.tried.length > 0 || provider === undefined ? last.tried : [triedAt(provider, { code, status })];
  const others = nobody.tried.filter((one) => own.every((other) => other.provider !== one.provider));
  return last.with({
    message: `${last.message} (since then no provider could be called)`,
    retryable: true,
    retryAfterMs: nobody.retryAfterMs,
    tried: [...own, ...others],
  });
}

export function triedOf({ by, error }: Pick<Failure, 'by' | 'error'>): TriedProvider {
  return triedAt(by.provider.name, error);
}

function triedAt(provider: string, { code, status }: Pick<AttemptError, 'code' | 'status'>): TriedProvider {
  return { provider, code, ...(status === undefined ? {} : { status }) };
}

function listed(tried: readonly TriedProvider[]): string {
  return tried.map(({ provider, code, status }) => `${provider} ${code}${status ? ` ${status}` : ''}`).join(', ');
}
