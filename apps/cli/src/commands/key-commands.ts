/** `holdfast keys …`: a tenant's API keys. A key is printed once, when it is created. */

import type { MadeKey } from '@holdfast/admin';
import { type Scope, scopes } from '@holdfast/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CliConfig } from '../config.ts';
import { adminOf, idOf } from '../connections.ts';
import { note, print, wantsJson } from '../output/printer.ts';
import { table } from '../output/table.ts';
import { addRequiredOption } from './option-parsers.ts';

export function addKeyCommands(program: Command, config: CliConfig): void {
  const keys = program.command('keys').description("tenants' API keys (console)");

  keys
    .command('list <tenant>')
    .description('keys that are not revoked, and what each may do; never the keys themselves')
    .action(async (tenant: string, _options, command: Command) => {
      const { data: all } = await adminOf(config, command).call('keys', { params: { tenant: idOf(tenant) } });
      const rows = all.map((key) => [
        key.id,
        key.scopes.join(' '),
        key.tasks?.join(' ') ?? 'all',
        key.created_at,
        key.expires_at ?? 'never',
      ]);
      const heads = ['KEY', 'SCOPES', 'TASKS', 'CREATED', 'ENDS'];
      print(command, all, () => table(heads, rows, 'This tenant has no keys.'));
    });

  addMaking(keys, config);

  keys
    .command('revoke <tenant> <key>')
    .description('revoke a key: refused everywhere within 5 s, its open requests ended')
    .action(async (tenant: string, id: string, _options, command: Command) => {
      await adminOf(config, command).call('revokeKey', { params: { tenant: idOf(tenant), keyId: idOf(id) } });
      print(command, { id, revoked: true }, () => `${id} is revoked.`);
    });
}

interface CreateOptions {
  scope: Scope[];
  task?: string[];
}

function addMaking(keys: Command, config: CliConfig): void {
  const scope = new Option('--scope <scope>', `${scopes.join(', ')}; can be repeated`).argParser(oneMoreScope);
  addRequiredOption(keys.command('create <tenant>'), scope)
    .description('make a key')
    .option('--task <name>', 'a task it may submit; can be repeated (default: all)', oneMore)
    .action(async (tenant: string, { scope, task: tasks }: CreateOptions, command: Command) => {
      const request = { scopes: scope, ...(tasks ? { tasks } : {}) };
      const admin = adminOf(config, command);
      printMade(command, await admin.call('createKey', { params: { tenant: idOf(tenant) }, body: request }));
    });

  keys
    .command('rotate <tenant> <key>')
    .description('create a key with the same rights; the old one ends at once, or after its grace')
    .option('--grace <seconds>', 'how long the old key works on, up to 7 days (default: 0)', seconds)
    .action(async (tenant: string, id: string, { grace }: { grace?: number }, command: Command) => {
      const params = { tenant: idOf(tenant), keyId: idOf(id) };
      const made = await adminOf(config, command).call('rotateKey', { params, body: { grace_s: grace } });
      printMade(command, made);
    });
}

/** Prints only the key on stdout, so that a script can read it: `KEY=$(holdfast keys create …)`. */
function printMade(command: Command, made: MadeKey): void {
  if (!wantsJson(command)) note(`Key ${made.id}, shown this once:`);
  print(command, made, () => made.key);
}

function oneMore(text: string, before: string[] = []): string[] {
  return [...before, text];
}

function oneMoreScope(text: string, before: Scope[] = []): Scope[] {
  const scope = scopes.find((each) => each === text);
  if (scope === undefined) throw new InvalidArgumentError(`Expected one of ${scopes.join(', ')}.`);
  return [...before, scope];
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of seconds.');
  return Number(text);
}
