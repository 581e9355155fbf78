/**
 * The simulator as a process. Settings: `SIMULATOR_PORT` (3002; 0: any that is free), `SIMULATOR_HOST` (127.0.0.1).
 * Prints one line of JSON once it listens. Ends with 0 on SIGTERM and SIGINT, with 1 when it can't listen.
 */
import { type Simulator, startSimulator } from './index.ts';

async function main(): Promise<void> {
  const { SIMULATOR_PORT: portText = '3002', SIMULATOR_HOST: host = '127.0.0.1' } = process.env;
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port > 65_535) {
    return giveUp(`SIMULATOR_PORT must be a port from 0 to 65535, not '${portText}'.`);
  }
  const log = (fields: object, msg: string) => void process.stderr.write(`${JSON.stringify({ msg, ...fields })}\n`);
  let simulator: Simulator;
  try {
    simulator = await startSimulator({ port, host, log });
  } catch (error) {
    return giveUp(whyNot(error, host, port));
  }
  const stop = () => void simulator.close().finally(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.stdout.write(`${JSON.stringify({ msg: 'simulator listening', url: simulator.url })}\n`);
}

function whyNot(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is in use: set SIMULATOR_PORT to another one.`;
  return `The simulator can't listen on ${host}, port ${port}: ${code}.`;
}

function giveUp(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

await main();
