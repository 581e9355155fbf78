/** The simulator's settings, from the environment. */
export interface SimulatorConfig {
  /** 0: any free port. */
  port: number;
  host: string;
}

/** @throws Error with the setting and what is expected */
export function readConfig(env: NodeJS.ProcessEnv): SimulatorConfig {
  const { SIMULATOR_PORT: portText = '3002', SIMULATOR_HOST: host = '127.0.0.1' } = env;
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port > 65_535) {
    throw new Error(`SIMULATOR_PORT must be a port from 0 to 65535, not '${portText}'.`);
  }
  return { port, host };
}
