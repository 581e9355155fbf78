/**
 * The `holdfast` command. Exit codes: 0 done; 1 it couldn't be done, stderr says why; 2 wrong usage or a wrong setting.
 * Of a job that was followed: 3 it failed, 4 it was cancelled.
 */
import { SettingsError } from '@holdfast/service/settings';
import { readConfig } from './config.ts';
import { exitCodeFor, exitCodes, messageOf } from './output/failures.ts';
import { note } from './output/printer.ts';
import { createProgram } from './program.ts';

// The reader has closed the pipe, as in `holdfast follow … | head`: it has read enough.
process.stdout.on('error', () => process.exit(0));

try {
  await createProgram(readConfig(process.env)).parseAsync();
} catch (error) {
  const message = messageOf(error);
  if (message !== null) note(`holdfast: ${message}`);
  process.exitCode = error instanceof SettingsError ? exitCodes.usage : exitCodeFor(error);
}
