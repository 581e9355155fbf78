/** Arguments and replies of the cell's scripts, as far as the monitor needs them. */
import type { ScriptName } from './system/cell.ts';

export const listOf = (reply: unknown): unknown[] => (Array.isArray(reply) ? reply : [reply]);

/** Splits the arguments of an `append` by journal: id, attempt, token, seq before and after, bytes. */
export function splitAppends(values: readonly string[]): string[][] {
  const appends: string[][] = [];
  for (let at = 0; at < values.length; ) {
    appends.push(values.slice(at, at + 6));
    at += 6;
    for (let part = 0; part < 4; part += 1) at += 1 + Number(values[at]);
  }
  return appends;
}

const some = (found: unknown, kind: string) => ((found as unknown[]).length > 0 ? [kind] : []);

/** The kinds of a reply, the most important first. Replies are counted by kind. */
export function kindsOf(script: ScriptName, reply: unknown): string[] {
  const parts = listOf(reply);
  const [first, second] = parts;
  switch (script) {
    case 'append':
      return (reply as string[][]).map(([kind]) => kind ?? '');
    case 'finish':
      return first === 'applied' ? ['applied', String(second)] : [String(first)];
    case 'submit':
    case 'retry':
      return first === 'refused' ? ['refused', String(parts[3])] : [String(first)];
    case 'dispatch':
      return orNothing([...some(first, 'released'), ...some(second, 'expired')]);
    case 'permitsToCheck':
    case 'claimLeftovers':
      return orNothing(some(parts, 'due'));
    case 'handOverAgain':
      return [reply === null ? 'refused' : 'again'];
    case 'repair':
      return [second === '' ? 'to the end' : 'a page', ...(Number(parts[3]) > 0 ? ['placed'] : [])];
    case 'removeExpired':
      return [Number(first) > 0 ? 'found' : 'nothing'];
    case 'counts':
      return [first === second ? 'equal' : 'different'];
    case 'capacity':
      return ['announced'];
    default:
      return [String(first)];
  }
}

const orNothing = (kinds: string[]) => (kinds.length > 0 ? kinds : ['nothing']);
