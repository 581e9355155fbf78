import { types } from 'node:util';

/** The code of an error that Redis replied with, as `OOM`: the first word of the reply, by the protocol. null: not a reply of Redis. */
export function replyCodeOf(error: unknown): string | null {
  if (!types.isNativeError(error) || error.name !== 'ReplyError') return null;
  return error.message.split(' ', 1)[0] ?? null;
}
