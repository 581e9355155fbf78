/** Checks of single fields of a request body, as strict as OpenAI's own. All throw ApiError 400 that names the field. */
import { badRequest } from './api-error.ts';
import type { JsonObject } from './json.ts';

export function flagField(body: JsonObject, name: string): boolean | null {
  const value = body[name] ?? null;
  if (value === null || typeof value === 'boolean') return value;
  throw badRequest(`Invalid type for '${name}': expected a boolean.`, name, 'invalid_type');
}

/** A whole number from 1 up. */
export function countField(body: JsonObject, name: string, max: number): number | null {
  const value = body[name] ?? null;
  if (value === null) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw badRequest(`Invalid value for '${name}': expected a whole number from 1 to ${max}.`, name, 'invalid_value');
}

export function numberField(body: JsonObject, name: string, min: number, max: number): number | null {
  const value = body[name] ?? null;
  if (value === null) return null;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw badRequest(`Invalid value for '${name}': expected a number from ${min} to ${max}.`, name, 'invalid_value');
}
