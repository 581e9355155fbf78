/** `holdfast lanes …`: what waits and runs in each lane; pausing, resuming and limiting a lane while it runs. */

import type { Lane } from '@holdfast/admin';
import type { Command } from 'commander';
import type { CliConfig } from '../config.ts';
import { adminOf, idOf } from '../connections.ts';
import { exitCodes } from '../output/failures.ts';
import { print } from '../output/printer.ts';
import { table } from '../output/table.ts';
import { type LaneLimitOptions, laneLimitOptions, laneLimitsOf, limitsText } from './limit-options.ts';

export function addLaneCommands(program: Command, config: CliConfig): void {
  const lanes = program.command('lanes').description('lanes, their jobs and limits (console)');

  lanes
    .command('list')
    .description('all lanes')
    .action(async (_options, command: Command) => {
      const { data: all } = await adminOf(config, command).call('lanes', {});
      print(command, all, () => laneTable(all));
    });

  for (const [name, paused, description] of [
    ['pause', true, 'pause a lane: its jobs wait, running ones go on'],
    ['resume', false, 'resume a lane'],
  ] as const) {
    lanes
      .command(`${name} <lane>`)
      .description(description)
      .action(async (lane: string, _options, command: Command) => {
        const changed = await adminOf(config, command).call('changeLane', {
          params: { lane: idOf(lane) },
          body: { paused },
        });
        printLane(command, changed);
      });
  }

  addLimit(lanes, config);
}

function addLimit(lanes: Command, config: CliConfig): void {
  const limit = lanes
    .command('limit <lane>')
    .description('replace all limits of the config file; a limit that is left out is none');
  for (const option of laneLimitOptions) limit.addOption(option);
  limit
    .option('--reset', 'use the limits of the config file again')
    .action(async (lane: string, options: LaneLimitOptions & { reset?: true }, command: Command) => {
      const limits = laneLimitsOf(options);
      if ((limits !== null) === (options.reset === true)) {
        command.error('error: set limits such as --max-running, or --reset', { exitCode: exitCodes.usage });
      }
      const changed = await adminOf(config, command).call('changeLane', {
        params: { lane: idOf(lane) },
        body: { limits },
      });
      printLane(command, changed);
    });
}

function printLane(command: Command, lane: Lane): void {
  print(command, lane, () => laneTable([lane]));
}

function laneTable(lanes: readonly Lane[]): string {
  const rows = lanes.map(({ name, paused, counts, limits, limits_from, models }) => [
    name,
    paused ? 'paused' : 'open',
    counts.waiting ?? null,
    counts.active ?? null,
    counts.delayed ?? null,
    limitsText(limits) || 'none',
    limits_from,
    models.join(' '),
  ]);
  const heads = ['LANE', 'STATE', 'WAITING', 'RUNNING', 'DELAYED', 'LIMITS', 'SET BY', 'MODELS'];
  return table(heads, rows, 'There are no lanes.');
}
