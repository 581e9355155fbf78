/** Reads values of options. Commander prints the option's name before an error that is thrown here. */
import { type Command, InvalidArgumentError, Option } from 'commander';

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
