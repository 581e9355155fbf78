import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SystemUser } from './run-process.ts';

const execute = promisify(execFile);

interface CommandOptions {
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  cwd?: string;
  /** Who it runs as, where root starts it. */
  user?: SystemUser | undefined;
}

/**
 * Runs a program to its end.
 * @returns its stdout
 * @throws Error with the last lines of its stderr, when it fails, can't be started or takes longer than `timeoutMs`
 */
export async function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { env, timeoutMs, cwd, user } = options;
  try {
    // The output is parsed, so it must not depend on the user's language.
    const { stdout } = await execute(command, args, { env: { ...env, LC_ALL: 'C' }, timeout: timeoutMs, cwd, ...user });
    return stdout;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const reason = stderr.split('\n').slice(-5).join('\n') || (error instanceof Error ? error.message : String(error));
    throw new Error(`${command} ${args[0] ?? ''} failed: ${reason}`, { cause: error });
  }
}
