/** A random value that matches a JSON schema, for the arguments of tool calls and for structured answers. */
import { isJsonObject } from '../http/json.ts';
import { actions, sayings, themes } from './lexicon.ts';
import { pick, type Random } from './random.ts';

const MAX_DEPTH = 8;

/** Supports `enum`, `const`, `anyOf`, `oneOf`, `type`, `properties`, `items`, `minimum`, `maximum` and `minItems`. */
export function valueFor(schema: unknown, random: Random, depth = 0): unknown {
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return null;
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return pick(random, schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices) && choices.length > 0) return valueFor(choices[0], random, depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'integer' || type === 'number') return numberFor(schema.minimum, schema.maximum, random);
  if (type === 'boolean') return random() < 0.5;
  if (type === 'null') return null;
  if (type === 'array') {
    const count = typeof schema.minItems === 'number' ? schema.minItems : 2;
    return Array.from({ length: Math.min(count, 100) }, () => valueFor(schema.items, random, depth + 1));
  }
  if (type === 'object' || isJsonObject(schema.properties)) {
    const properties = isJsonObject(schema.properties) ? Object.entries(schema.properties) : [];
    return Object.fromEntries(properties.map(([name, inner]) => [name, valueFor(inner, random, depth + 1)]));
  }
  return textFor(random);
}

function numberFor(minimum: unknown, maximum: unknown, random: Random): number {
  const min = typeof minimum === 'number' ? Math.ceil(minimum) : 1;
  const max = typeof maximum === 'number' ? Math.floor(maximum) : min + 99;
  return min + Math.floor(random() * (max - min + 1));
}

function textFor(random: Random): string {
  const theme = pick(random, themes);
  if (random() < 0.3) return pick(random, sayings);
  return `${pick(random, theme.people)} ${pick(random, actions)} ${pick(random, theme.things)}`;
}
