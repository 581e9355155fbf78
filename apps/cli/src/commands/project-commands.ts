/** `holdfast init`, `holdfast start`, `holdfast dev`: a project, and everything that it needs on this machine. */
import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { initProject } from '../init-project.ts';
import { print } from '../output/printer.ts';

export function addProjectCommands(program: Command): void {
  program
    .command('init [directory]')
    .description('write a small project with one task (default: here); no file is overwritten')
    .action((directory = '.', _options, command: Command) => {
      const files = initProject(resolve(directory));
      print(command, { directory: resolve(directory), files }, () => nextSteps(resolve(directory), files));
    });

  program
    .command('start [command...]')
    .description('run API, worker and console here, with data in .holdfast; also Redis and a simulator, if none is set')
    .addHelpText(
      'after',
      '\nA command after -- runs too, with HOLDFAST_URL and HOLDFAST_API_KEY set: holdfast start -- node server.ts',
    )
    .action((beside: string[]) => run({ command: beside }));

  program
    .command('dev [command...]')
    .description('the same as start, and reload config file and tasks when they are saved; running jobs go on')
    .addHelpText(
      'after',
      '\nAn error in a task file is shown with file and line; the tasks from before go on.' +
        '\nA command after -- runs too, as with holdfast start.',
    )
    .action((beside: string[]) => run({ command: beside, watch: true }));
}

async function run(options: { command: readonly string[]; watch?: boolean }): Promise<void> {
  // Loaded here, because no other command needs it.
  const { runLocal } = await import('@holdfast/local/run');
  await runLocal({ env: process.env, ...options });
}

function nextSteps(directory: string, files: readonly string[]): string {
  const place = relative(process.cwd(), directory);
  const steps = [
    ...(place === '' ? [] : [`cd ${place}`]),
    'npm install',
    'npm start',
    `npx holdfast submit hello --input '{"name":"Ada"}' --follow    # in another terminal`,
  ];
  return [`Written: ${files.join(', ')}`, '', 'Next:', ...steps.map((step) => `  ${step}`)].join('\n');
}
