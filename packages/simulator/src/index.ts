/** The simulator: an OpenAI-compatible provider that misbehaves on demand, by instructions (`instructions/instructions.ts`). */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError } from './http/api-error.ts';
import { openExchange, sendError } from './http/exchange.ts';
import { handleExchange } from './http/server.ts';
import { createWorld, type World } from './world.ts';

export interface SimulatorOptions {
  /** 0: any free port. */
  port: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Called with errors of the simulator itself. */
  log?: (fields: object, message: string) => void;
}

export interface Simulator {
  /** Without a path; the API's base is `${url}/v1`. */
  url: string;
  port: number;
  /** Stops all runs, closes all connections, and resolves once the port is free. */
  close(): Promise<void>;
}

/** Longer than clients keep an idle connection, so that the server never closes one that is just being used. */
const KEEP_ALIVE_MS = 65_000;

/** Resolves once it listens. @throws the system's error (EADDRINUSE, EACCES …) */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { port: wanted, host = '127.0.0.1', log = () => undefined } = options;
  const world = createWorld(() => performance.now());
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (req, res) => void answer(world, req, res, log));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, host, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${name}:${port}`, port, close: () => close(server, world) };
}

async function answer(world: World, req: IncomingMessage, res: ServerResponse, log: (f: object, m: string) => void) {
  const exchange = openExchange(req, res);
  try {
    await handleExchange(world, exchange);
  } catch (error) {
    // The client left while it sent its request.
    if (req.destroyed && !req.complete) return;
    log({ err: error }, 'simulator failed');
    if (res.headersSent) res.destroy();
    else sendError(exchange, new ApiError(500, 'The simulator failed.'));
  }
}

async function close(server: Server, world: World): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  for (const run of world.running) run.stop('broken');
  server.closeAllConnections();
  await closed;
}
