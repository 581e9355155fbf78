/** `holdfast tenants …`: tenants, their plans and limits. */

import type { Tenant } from '@holdfast/admin';
import type { TenantSettings } from '@holdfast/core';
import { type Command, Option } from 'commander';
import type { CliConfig } from '../config.ts';
import { adminOf, idOf } from '../connections.ts';
import { exitCodes } from '../output/failures.ts';
import { print } from '../output/printer.ts';
import { record, table } from '../output/table.ts';
import { limitsText, type TenantLimitOptions, tenantLimitOptions, tenantLimitsOf } from './limit-options.ts';

export function addTenantCommands(program: Command, config: CliConfig): void {
  const tenants = program.command('tenants').description('tenants, their plans and limits (console)');

  tenants
    .command('list')
    .description('all tenants')
    .action(async (_options, command: Command) => {
      const { data: all } = await adminOf(config, command).call('tenants', {});
      const rows = () => all.map((tenant) => [tenant.id, tenant.plan, limitsOf(tenant), tenant.created_at]);
      print(command, all, () => table(['TENANT', 'PLAN', 'LIMITS', 'CREATED'], rows(), 'There are no tenants.'));
    });

  tenants
    .command('get <tenant>')
    .description('one tenant')
    .action(async (id: string, _options, command: Command) => {
      printTenant(command, await adminOf(config, command).call('tenant', { params: { tenant: idOf(id) } }));
    });

  addSet(tenants, config);
}

type SetOptions = TenantLimitOptions & { plan?: string; limits: boolean };

function addSet(tenants: Command, config: CliConfig): void {
  const set = tenants
    .command('set <tenant>')
    .description(
      'create a tenant, or replace its plan or all of its limits; a limit that is left out is none; applies within 3 s',
    );
  const names = tenantLimitOptions.map((option) => option.attributeName());
  set.addOption(new Option('--plan <name>', 'a plan of the config file').conflicts([...names, 'limits']));
  for (const option of tenantLimitOptions) set.addOption(option);
  set.addOption(new Option('--no-limits', 'remove plan and limits').conflicts(names));
  set.action(async (id: string, options: SetOptions, command: Command) => {
    const body = settingsOf(options, command);
    printTenant(command, await adminOf(config, command).call('setTenant', { params: { tenant: idOf(id) }, body }));
  });
}

function settingsOf(options: SetOptions, command: Command): TenantSettings {
  if (options.plan !== undefined) return { plan: options.plan };
  const limits = tenantLimitsOf(options);
  if (limits !== null) return { limits };
  if (!options.limits) return {};
  return command.error('error: set --plan, limits such as --requests-per-minute, or --no-limits', {
    exitCode: exitCodes.usage,
  });
}

function printTenant(command: Command, tenant: Tenant): void {
  const { id, plan, created_at } = tenant;
  print(command, tenant, () => record({ tenant: id, plan, limits: limitsOf(tenant), created: created_at }));
}

function limitsOf({ plan_status: status, limits }: Tenant): string {
  if (status === null) return limitsText(limits ?? {}) || 'none';
  return planLimits[status];
}

const planLimits = {
  configured: "its plan's",
  missing: "its plan's, as last known: the config file has no such plan",
  unknown: 'unknown, all submits are refused: the config file lacks the plan',
};
