/**
 * Bounds how often one address may present keys that don't exist: 60 times in a minute of the clock. Above that the right key is
 * refused too. Otherwise guessing by bearer keys would get around the limit of logins.
 */
import type { Redis } from '@holdfast/redis';
import type { Request } from '@holdfast/service/http';
import { AttemptCounter } from './attempt-counter.ts';
import { addressOf } from './client-address.ts';

const GUESSES_PER_MINUTE = 60;

export interface KeyGuesses {
  /** @throws RequestError `too_many_requests` */
  refuseTooMany(request: Request): Promise<void>;
  count(request: Request): Promise<void>;
}

export function createKeyGuesses(options: { redis: Redis; prefix: string }): KeyGuesses {
  const counter = new AttemptCounter(options, GUESSES_PER_MINUTE);
  return {
    refuseTooMany: async (request) => counter.refuseAbove(await counter.read(nameOf(request))),
    count: async (request) => void (await counter.count(nameOf(request))),
  };
}

const nameOf = (request: Request) => `bearer:${addressOf(request)}`;
