/**
 * The simulator as a process. Settings: `SIMULATOR_PORT` (3002; 0: any free port), `SIMULATOR_HOST` (127.0.0.1).
 * Prints one line of JSON once it listens. Ends with 0 on SIGTERM and SIGINT, with 1 when it can't listen.
 */
import { readConfig, type SimulatorConfig } from './config.ts';
import { type Simulator, startSimulator } from './index.ts';

async function main(): Promise<void> {
  let simulator: Simulator;
  try {
    simulator = await start(readConfig(process.env));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
    return;
  }
  const stop = () => void simulator.close().finally(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.stdout.write(`${JSON.stringify({ msg: 'simulator listening', url: simulator.url })}\n`);
}

async function start({ port, host }: SimulatorConfig): Promise<Simulator> {
  const log = (fields: object, msg: string) => void process.stderr.write(`${JSON.stringify({ msg, ...fields })}\n`);
  return startSimulator({ port, host, log }).catch((error: unknown) => {
    throw new Error(whyNot(error, host, port));
  });
}

function whyNot(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is in use: set SIMULATOR_PORT to another one.`;
  return `The simulator can't listen on ${host}, port ${port}: ${code}.`;
}

await main();
