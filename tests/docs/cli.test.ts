/** docs/reference/cli.md has every command, option, setting and exit code of the `holdfast` command, and no other. */
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../apps/cli/src/config.ts';
import { exitCodeOf, exitCodes } from '../../apps/cli/src/output/failures.ts';
import { createProgram } from '../../apps/cli/src/program.ts';
import { firstNamesUnder, readReference, rowsUnder } from './tables.ts';

const page = readReference('docs/reference/cli.md');
const program = createProgram(readConfig({}));
type Command = typeof program;

/** Commands that do something, each with the words that it is called by. */
function commandsBelow(parent: Command, words: string[] = []): { name: string; command: Command }[] {
  return parent.commands.flatMap((command) => {
    const own = [...words, command.name()];
    return command.commands.length > 0 ? commandsBelow(command, own) : [{ name: own.join(' '), command }];
  });
}

const commands = commandsBelow(program);
const flagsOf = (command: Command) => command.options.map(({ flags }) => flags);
const usageOf = ({ name, command }: (typeof commands)[number]) => {
  const names = command.registeredArguments.map((argument) => {
    const what = argument.name() + (argument.variadic ? '...' : '');
    return argument.required ? `<${what}>` : `[${what}]`;
  });
  return [name, ...names].join(' ');
};

describe('docs/reference/cli.md', () => {
  it('has every command, and no other', () => {
    expect(commands.length).toBeGreaterThan(15);
    expect(firstNamesUnder(page, 'Commands').sort()).toEqual(commands.map(usageOf).sort());
  });

  it('has every option that all commands share', () => {
    expect(firstNamesUnder(page, 'Options of all commands').sort()).toEqual(['-h, --help', ...flagsOf(program)].sort());
  });

  it('has the options of exactly those commands that have some', () => {
    const below = page.split('\n## ').find((part) => part.startsWith('Options by command')) ?? '';
    const headings = [...below.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
    const withOptions = commands.filter(({ command }) => command.options.length > 0).map(({ name }) => name);
    expect(headings.sort()).toEqual(withOptions.sort());
  });

  it.each(commands.filter(({ command }) => command.options.length > 0).map(({ name, command }) => ({ name, command })))(
    'has every option of $name, and no other',
    ({ name, command }) => {
      expect(firstNamesUnder(page, name).sort()).toEqual(flagsOf(command).sort());
    },
  );

  it('has every exit code', () => {
    const codes = [...new Set([...Object.values(exitCodes), ...Object.values(exitCodeOf)])].sort();
    expect(rowsUnder(page, 'For scripts').map(([code]) => Number(code))).toEqual(codes);
  });
});
