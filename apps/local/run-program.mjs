/**
 * Runs one program for a step of `prepare.mjs`. Prints nothing on success, and the program's last lines when it fails.
 * Ctrl-C and SIGTERM end the program first. Then the step fails, so that locks are released.
 */
import { spawn, spawnSync } from 'node:child_process';

/** The step failed. The message is for the user. */
export class StepFailed extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

const SHOWN_LINES = 30;
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Whether the program at `path` can run here. */
export function runs(path) {
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

function passSignalsTo(child) {
  let got = null;
  const handlers = Object.keys(EXIT_CODES).map((signal) => {
    const handler = () => {
      got ??= signal;
      child.kill(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return {
    received: () => got,
    detach: () => {
      for (const detach of handlers) detach();
    },
  };
}

function lastLines(output) {
  return output
    .trimEnd()
    .split('\n')
    .slice(-SHOWN_LINES)
    .map((line) => `  ${line}`)
    .join('\n');
}

/**
 * @param {{ name: string, command: string, args: string[], cwd: string, hint?: string, show?: boolean }} options
 *   `name`: its name in the error; `hint`: printed after its last lines; `show`: prints its output as it comes
 * @throws {StepFailed} with the last lines of its output
 */
export async function runProgram({ name, command, args, cwd, hint = '', show = false }) {
  const child = spawn(command, args, {
    cwd,
    stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
  });
  const signals = passSignalsTo(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-100_000);
    });
  }
  const ending = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? null : `exit code ${code ?? signal}`));
  });
  signals.detach();
  if (signals.received() !== null) throw new StepFailed('Interrupted.', EXIT_CODES[signals.received()]);
  if (ending === null) return;
  if (show) throw new StepFailed('');
  throw new StepFailed(`${name} failed (${ending}):\n${lastLines(output)}\n${hint}`);
}
