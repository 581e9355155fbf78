/**
 * Refusals of Redis that last until an operator changes something: what they mean, and what to do. Messages contain no password:
 * Redis never repeats one, and neither does this file.
 */
import { MisconfigurationError } from '@holdfast/core';
import { replyCodeOf } from './reply-error.ts';

const restart = 'and start this process again.';

/** Redis' error code → our stable code, and the message for the operator. */
const refusals: Readonly<Record<string, { code: string; message: string }>> = {
  WRONGPASS: {
    code: 'redis_wrong_password',
    message: `Redis refuses the user or the password in REDIS_URL (WRONGPASS). Correct them, as in redis://user:password@host:6379, ${restart}`,
  },
  NOAUTH: {
    code: 'redis_password_missing',
    message: `Redis requires a password, and REDIS_URL has none (NOAUTH). Add it, as in redis://:password@host:6379, ${restart}`,
  },
  DENIED: {
    code: 'redis_protected',
    message: `Redis is in protected mode and takes no connections from other machines (DENIED). Set a password (requirepass), put it into REDIS_URL, ${restart}`,
  },
  READONLY: {
    code: 'redis_is_replica',
    message:
      'Redis takes no writes, because it is a replica (READONLY). Make it a master (REPLICAOF NO ONE), or put the master into REDIS_URL.',
  },
};

/** Within a script, Redis 7.0 replies with the code ERR and this text instead of NOPERM. */
const NOT_PERMITTED_IN_SCRIPT = "ERR The user executing the script can't ";

/** Whether the user of REDIS_URL may not run this command, or not on this key or channel. */
export function isNotPermitted(error: unknown): error is Error {
  const code = replyCodeOf(error);
  return code === 'NOPERM' || (code === 'ERR' && (error as Error).message.startsWith(NOT_PERMITTED_IN_SCRIPT));
}

/** The error for a Redis that is a replica. */
export function replicaRefusal(): MisconfigurationError {
  const { code, message } = refusals.READONLY as { code: string; message: string };
  return new MisconfigurationError(code, message);
}

/** The error for missing rights. @param missing as `it may not run get, set` */
export function notPermitted(missing: string, fix: string, cause?: unknown): MisconfigurationError {
  return new MisconfigurationError(
    'redis_not_permitted',
    `The user of REDIS_URL lacks rights in Redis (NOPERM): ${missing}. ${fix}`,
    { cause },
  );
}

/** The refusal behind an error, with what to change; null: the error is not such a refusal. */
export function refusalOf(error: unknown): MisconfigurationError | null {
  if (isNotPermitted(error)) {
    // Redis names the command first. What comes after 100 characters is the place in a script.
    const missing = error.message.replace(/ script: .*$/s, '').slice(0, 100);
    return notPermitted(missing, 'Grant them: docs/operate/redis.md lists the rights that are needed.', error);
  }
  const known = refusals[replyCodeOf(error) ?? ''];
  return known ? new MisconfigurationError(known.code, known.message, { cause: error }) : null;
}
