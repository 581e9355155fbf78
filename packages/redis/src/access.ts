/**
 * Checks the rights of the user of REDIS_URL (Redis' ACLs) with one script, at the start and while a process runs. Otherwise the
 * first job that needs a missing right would find out. Nothing is read or written.
 */
import type { Redis } from './connect.ts';
import { isNotPermitted, notPermitted } from './refusal.ts';

/** The beginnings of names, as `hf:`. */
export interface AccessNames {
  keys: readonly string[];
  channels: readonly string[];
}

type Kind = 'key' | 'channel' | 'other';

/** One command on names with one beginning. */
interface Right {
  kind: Kind;
  begin: string;
  command: string;
}

/** The commands on keys that Holdfast and BullMQ use. A test compares them with those that a run has used. */
export const keyCommands = [
  'get set del unlink exists expire pexpire pexpireat persist pttl type rename incr incrby strlen getrange setrange append',
  'hget hset hsetnx hmget hmset hgetall hdel hincrby hlen hexists hkeys hvals hscan',
  'zadd zrem zscore zrank zcard zcount zrange zrangebyscore zrevrange zrevrangebyscore zrangebylex zlexcount zincrby',
  'zremrangebyscore zremrangebyrank zpopmin zscan bzpopmin',
  'sadd srem sismember smembers scard sscan',
  'lpush rpush lpop rpop llen lindex lrange lrem lset ltrim lpos lmove rpoplpush',
  'xadd xtrim xlen xrange xdel',
]
  .join(' ')
  .split(' ');

/** Other commands. `a|b`: `a` with the first argument `b`. */
export const otherCommands = [
  'eval evalsha script|load info config|get time ping wait waitaof client|setname unsubscribe',
]
  .join(' ')
  .split(' ');

export const channelCommands = ['publish', 'subscribe'];

/**
 *   ARGV  kind (key, channel, other), name, command; and so on
 *   returns the numbers (from 1) of those that the user may not run; a command that this Redis doesn't know counts as permitted
 */
const lua = `#!lua flags=no-writes,allow-stale
local denied = {}
for at = 1, #ARGV, 3 do
  local kind, name, command = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local words = {}
  for word in command:gmatch('[^|]+') do words[#words + 1] = word end
  -- Four names, because some commands take several keys.
  if kind == 'key' then for _ = 1, 4 do words[#words + 1] = name end
  elseif kind == 'channel' then words[#words + 1] = name
  elseif command:sub(1, 4) == 'eval' then words[2], words[3] = 'x', '0'
  else words[#words + 1] = 'x' end
  local known, may = pcall(redis.acl_check_cmd, unpack(words))
  if known and not may then denied[#denied + 1] = (at + 2) / 3 end
end
return denied`;

/**
 * @param isDurable the mode is not `memory`: then Redis' settings have to be read
 * @throws MisconfigurationError `redis_not_permitted`, with the missing rights and the command that grants them
 */
export async function checkAccess(redis: Redis, names: AccessNames, isDurable: boolean): Promise<void> {
  const rights = neededRights(names).filter(({ command }) => isDurable || command !== 'config|get');
  const args = rights.flatMap(({ kind, begin, command }) => [kind, `${begin}x`, command]);
  let denied: number[];
  try {
    denied = (await redis.eval(lua, 0, ...args)) as number[];
  } catch (error) {
    if (!isNotPermitted(error)) throw error;
    throw notPermitted('it may not run eval', fixFor(redis, names), error);
  }
  if (denied.length === 0) return;
  const missing = describeDenied(
    names,
    rights.filter((_, at) => denied.includes(at + 1)),
  );
  throw notPermitted(missing, fixFor(redis, names));
}

function neededRights({ keys, channels }: AccessNames): Right[] {
  const on = (kind: Kind, begins: readonly string[], commands: readonly string[]) =>
    begins.flatMap((begin) => commands.map((command) => ({ kind, begin, command })));
  return [
    ...on('key', keys, keyCommands),
    ...on('channel', channels, channelCommands),
    ...on('other', [''], otherCommands),
  ];
}

/** Names the commands that are denied on all names, and the names on which others are denied. */
function describeDenied({ keys, channels }: AccessNames, denied: readonly Right[]): string {
  const of = (kind: Kind, begin: string) =>
    denied.filter((one) => one.kind === kind && one.begin === begin).map(({ command }) => command);
  const commands: string[] = [...of('other', '')];
  const names: string[] = [];
  for (const [kind, begins, all] of [
    ['key', keys, keyCommands],
    ['channel', channels, channelCommands],
  ] as const) {
    const everywhere = all.filter((command) => begins.every((begin) => of(kind, begin).includes(command)));
    // If all commands are denied, the user has no right to the name.
    const isNamed = everywhere.length === all.length;
    if (!isNamed) commands.push(...everywhere);
    const wrong = begins.filter((begin) => isNamed || of(kind, begin).length > everywhere.length);
    if (wrong.length > 0) names.push(`use ${kind}s that begin with ${wrong.join(' or ')}`);
  }
  const runs = commands.length > 0 ? [`run ${commands.join(', ')}`] : [];
  return `it may not ${[...runs, ...names].join(', and not ')}`;
}

function fixFor(redis: Redis, { keys, channels }: AccessNames): string {
  const user = redis.options.username ?? 'default';
  const names = [...keys.map((begin) => `~${begin}*`), ...channels.map((begin) => `&${begin}*`)];
  return `Grant them: ACL SETUSER ${user} +@all -@admin -@dangerous +info +config|get ${names.join(' ')}`;
}
