/** Limits as a form has them: one text for each. An empty text is no limit. */
import { formatCount } from '../../format/index.ts';

export interface LimitField {
  /** The member; of a nested one with its path, as `budget_usd.day`. */
  name: string;
  label: string;
  hint: string;
  /** What the number counts, after it. */
  unit?: string;
}

export type LimitTexts = Readonly<Record<string, string>>;
export type LimitErrors = Readonly<Record<string, string>>;

interface Issue {
  code?: string | undefined;
  path: readonly PropertyKey[];
  message: string;
  minimum?: number | bigint;
  maximum?: number | bigint;
}

/** A schema of the contract: it alone says what is allowed. */
export interface LimitSchema<Limits> {
  safeParse: (
    value: unknown,
  ) => { success: true; data: Limits } | { success: false; error: { issues: readonly Issue[] } };
}

/** The value at a path; undefined where there is none. */
export function limitAt(limits: object | null, name: string): number | undefined {
  let value: unknown = limits;
  for (const part of name.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[part];
  return typeof value === 'number' ? value : undefined;
}

export function textsOf(fields: readonly LimitField[], limits: object | null): LimitTexts {
  return Object.fromEntries(fields.map(({ name }) => [name, String(limitAt(limits, name) ?? '')]));
}

/** Puts a value at a path; objects on the way are made. */
function put(target: Record<string, unknown>, name: string, value: number): void {
  const [first = '', ...rest] = name.split('.');
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = (target[first] ?? {}) as Record<string, unknown>;
  put(inner, rest.join('.'), value);
  target[first] = inner;
}

/** `1,000` and `1 000` are a thousand. NaN: not a number. */
const numberOf = (text: string): number => Number(text.replace(/(?<=\d)[, _](?=\d{3})/g, ''));

function sentenceOf({ code, message, minimum, maximum }: Issue): string {
  if (code === 'too_big' && maximum !== undefined) return `At most ${formatCount(Number(maximum))}.`;
  if (code === 'too_small' && minimum !== undefined) return `At least ${Number(minimum)}.`;
  if (code === 'invalid_type') return 'Write a whole number, or leave it empty.';
  return message;
}

/** The limits that the texts say, or what is wrong with which of them. */
export function readLimits<Limits>(
  fields: readonly LimitField[],
  texts: LimitTexts,
  schema: LimitSchema<Limits>,
): { limits: Limits } | { errors: LimitErrors } {
  const errors: Record<string, string> = {};
  const value: Record<string, unknown> = {};
  for (const { name } of fields) {
    const text = texts[name]?.trim() ?? '';
    if (text === '') continue;
    const number = numberOf(text);
    if (Number.isFinite(number)) put(value, name, number);
    else errors[name] = 'Write a number, or leave it empty.';
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return Object.keys(errors).length === 0 ? { limits: parsed.data } : { errors };
  for (const issue of parsed.error.issues) errors[issue.path.join('.')] ??= sentenceOf(issue);
  return { errors };
}
