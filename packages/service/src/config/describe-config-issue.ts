/**
 * Describes the issues of a config file, one line each: where it is, what was expected, what was found. What may be a secret is never
 * shown: no object, nothing that is named a key, and only the host and path of an address.
 */
import { z } from 'zod';
import { nearestName } from './nearest-name.ts';

const MAX_SHOWN = 80;

const kinds: Readonly<Record<string, string>> = {
  object: 'an object',
  record: 'an object',
  array: 'an array',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** Messages that say what was expected, where those of zod only name a type or don't list the known names. */
export const expectation: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') return `expected ${kinds[issue.expected] ?? issue.expected}`;
  if (issue.code !== 'unrecognized_keys') return undefined;
  const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
  const hint = known.includes('api_key_env')
    ? '. Put the API key into an environment variable; api_key_env names it'
    : '';
  // One line for each key.
  return issue.keys.map((key) => `${unknown(key, known)}${hint}`).join('\n');
};

function unknown(key: string, known: readonly string[]): string {
  const meant = nearestName(key, known);
  const hint = meant ? `; did you mean ${meant}?` : ';';
  return `unknown${hint} expected one of ${known.join(', ')}`;
}

/** The lines for one issue of a schema that was parsed with `expectation` and `reportInput`. */
export function describeConfigIssue(issue: z.core.$ZodIssue): string[] {
  const { code, path, message, input } = issue;
  if (code === 'unrecognized_keys') {
    const lines = message.split('\n');
    return issue.keys.map((key, at) => `${pathText([...path, key])}: ${lines[at]}`);
  }
  if (code === 'invalid_key') {
    return issue.issues.map((inner) => `${pathText(path)}: not a valid name: ${inner.message}; got ${shown(input)}`);
  }
  const got = code === 'custom' || isSecret(path) ? '' : `; got ${shown(input)}`;
  return [`${pathText(path)}: ${message}${got}`];
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((name) => cut(String(name))).join('.') || '(top level)';
}

function isSecret(path: readonly PropertyKey[]): boolean {
  return /key|secret|password/i.test(String(path.at(-1)));
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `"${cut(withoutCredentials(value))}"`;
  if (typeof value === 'bigint') return `${value}n`;
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value === 'object' && value !== null) return value instanceof Promise ? 'a promise' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/** An address without user, password and query. */
function withoutCredentials(text: string): string {
  return text.includes('://') ? text.replace(/(?<=:\/\/)[^/?#]*@/, '').replace(/[?#].*$/s, '') : text;
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN).toWellFormed()}…` : text;
}
