/** Reads values of options. Commander prints the option's name before an error that is thrown here. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';

/** The part of a zod schema that is used here. */
interface NumberSchema {
  description?: string | undefined;
  safeParse(value: unknown): { success: boolean; error?: { issues: { message: string }[] } };
}

/** An option for a number. Its bounds, and its description by default, come from core's schema. */
export function numberOption(flags: string, schema: NumberSchema, description = schema.description): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('Expected a number.');
    const result = schema.safeParse(value);
    if (result.success) return value;
    throw new InvalidArgumentError(`${result.error?.issues[0]?.message ?? 'not a number that fits'}.`);
  });
}

/** For an option that can be repeated: adds one name and value. */
export function oneMorePair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected a pair such as order=42.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** For a name: not an empty one, which a variable of the shell that isn't set leaves behind. */
export function filledText(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty. Name one, or leave the option out.');
  return text;
}

const momentSchema = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);
const msOf: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A point in time, as people write it: `90m` (so long ago), `2026-11-28` (where the UTC day begins), or with a time. Returns ISO 8601, UTC. */
export function pointInTime(text: string): string {
  const [, count, unit = ''] = /^(\d{1,5})(s|m|h|d)$/.exec(text) ?? [];
  const ms = msOf[unit];
  if (ms !== undefined) return new Date(Date.now() - Number(count) * ms).toISOString();
  if (momentSchema.safeParse(text).success) return new Date(text).toISOString();
  throw new InvalidArgumentError('Expected a time ago such as 90m, 24h or 7d, or 2026-11-28, or 2026-11-28T10:00:00Z.');
}

/**
 * Adds a required option. Commander checks for missing options before unknown ones: it would report a name with a typo as
 * missing.
 */
export function addRequiredOption(command: Command, option: Option): Command {
  return command.addOption(option).hook('preAction', () => {
    if (command.getOptionValue(option.attributeName()) !== undefined) return;
    command.error(`error: required option '${option.flags}' not specified`);
  });
}
