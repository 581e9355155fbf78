/**
 * When Redis says no, and goes on saying so until somebody changes something: which of these it is, and what to do. Messages
 * hold no password: Redis never repeats one, and neither does this file.
 */
import { types } from 'node:util';
import { MisconfigurationError } from '@holdfast/core';

const startAgain = 'and start this process again.';

/** First word of Redis' answer → stable code, and what an operator is told. */
const refusals: Readonly<Record<string, { code: string; message: string }>> = {
  WRONGPASS: {
    code: 'redis_wrong_password',
    message: `Redis refuses the user or the password in REDIS_URL (WRONGPASS). Put the right ones there, as in redis://user:password@host:6379, ${startAgain}`,
  },
  NOAUTH: {
    code: 'redis_password_missing',
    message: `Redis asks for a password, and REDIS_URL has none (NOAUTH). Put it there, as in redis://:password@host:6379, ${startAgain}`,
  },
  DENIED: {
    code: 'redis_protected',
    message: `Redis is in protected mode and takes no connections from other machines (DENIED). Give it a password (requirepass), put that into REDIS_URL, ${startAgain}`,
  },
  READONLY: {
    code: 'redis_is_replica',
    message:
      'Redis takes no writes, because it is a replica (READONLY). Make it a master (REPLICAOF NO ONE), or let REDIS_URL name the master.',
  },
};

/** In a script Redis 7.0 says this in other words than outside of one. */
const NOT_PERMITTED = /^(?:NOPERM|ERR The user executing the script can't) /;

/** Whether the user of REDIS_URL may not run this command, or not on this key or channel. */
export function isNotPermitted(error: unknown): boolean {
  return isReplyError(error) && NOT_PERMITTED.test(error.message);
}

/** What an operator is told of a Redis that is a replica. */
export function replicaRefusal(): MisconfigurationError {
  const { code, message } = refusals.READONLY as { code: string; message: string };
  return new MisconfigurationError(code, message);
}

/** What an operator is told of rights that are missing. @param missing as `it may not run get, set` */
export function notPermitted(missing: string, remedy: string, cause?: unknown): MisconfigurationError {
  return new MisconfigurationError(
    'redis_not_permitted',
    `Redis lets the user of REDIS_URL do too little (NOPERM): ${missing}. ${remedy}`,
    { cause },
  );
}

/** What is to be changed so that Redis says yes; null: this error is no such refusal. */
export function refusalOf(error: unknown): MisconfigurationError | null {
  if (!isReplyError(error)) return null;
  if (isNotPermitted(error)) {
    // Redis names the command; what comes after the first 100 characters is the place in a script.
    const said = error.message.replace(/ script: .*$/s, '').slice(0, 100);
    return notPermitted(said, 'Let it: docs/operate/redis.md has the rights that are needed.', error);
  }
  const known = refusals[error.message.split(' ', 1)[0] ?? ''];
  return known ? new MisconfigurationError(known.code, known.message, { cause: error }) : null;
}

function isReplyError(error: unknown): error is Error {
  return types.isNativeError(error) && error.name === 'ReplyError';
}
