/** How values of options are read. Commander names the option before what is thrown here. */
import { type Command, InvalidArgumentError, Option } from 'commander';

/** As much of a zod schema as is used here. */
interface NumberSchema {
  description?: string | undefined;
  safeParse(value: unknown): { success: boolean; error?: { issues: { message: string }[] } };
}

/** An option for a number whose bounds, and description where none is given, are those of core's schema. */
export function numberOption(flags: string, schema: NumberSchema, description = schema.description): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('It takes a number.');
    const result = schema.safeParse(value);
    if (result.success) return value;
    throw new InvalidArgumentError(`${result.error?.issues[0]?.message ?? 'not a number that fits'}.`);
  });
}

/** For an option that is repeated: one name and value more. */
export function oneMorePair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('A pair such as order=42.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/**
 * Adds an option that must be there. Commander looks for missing options before it looks for unknown ones: a name with a typo
 * would be told as one that is missing.
 */
export function addRequiredOption(command: Command, option: Option): Command {
  return command.addOption(option).hook('preAction', () => {
    if (command.getOptionValue(option.attributeName()) !== undefined) return;
    command.error(`error: required option '${option.flags}' not specified`);
  });
}
