/**
 * Ports for the services. A port that the user has set is used, or refused when it is taken. A default that is taken is
 * replaced by a free port, so that a second Holdfast can run at the same time.
 *
 * A service binds its port half a second after it was chosen here. Two Holdfasts that start together would choose the same
 * port, and take each other's answers for their own service's. So each port has a lock among all Holdfasts of this user.
 * Another program can still take the port; the service's next start then uses another one.
 */
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { tryLock } from '../../lock.mjs';
import type { Port } from '../config.ts';

/** A port that the user has set is taken. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/** A port that no other Holdfast takes. */
export interface ClaimedPort {
  readonly number: number;
  /**
   * Checks that no program listens on the port. Replaces a default that is taken by now.
   * @throws PortTaken
   */
  keepFree(): Promise<void>;
  release(): void;
}

interface Claim {
  number: number;
  release(): void;
}

/** Binds the port and closes it again. Resolves with its number, or null where it is taken. */
function tryPort(port: number, host: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

/** A port on `host` on which no program listens at the moment. */
export async function freePort(host: string): Promise<number> {
  const port = await tryPort(0, host);
  if (port === null) throw new Error(`No port is free on ${host}. End a program that listens there.`);
  return port;
}

function claim(number: number): Claim | null {
  const lock = tryLock(join(tmpdir(), `holdfast-${userInfo().uid}`, `port-${number}.lock`));
  return 'heldBy' in lock ? null : { number, release: () => lock.release() };
}

async function claimIfFree(number: number, host: string): Promise<Claim | null> {
  const claimed = claim(number);
  if (claimed === null) return null;
  if ((await tryPort(number, host)) !== null) return claimed;
  claimed.release();
  return null;
}

async function claimAny(host: string): Promise<Claim> {
  for (;;) {
    const claimed = claim(await freePort(host));
    if (claimed !== null) return claimed;
  }
}

async function claimWanted(wanted: Port, host: string, variable: string): Promise<Claim> {
  const claimed = wanted.number === 0 ? null : await claimIfFree(wanted.number, host);
  if (claimed !== null) return claimed;
  if (!wanted.explicit) return claimAny(host);
  throw new PortTaken(
    `${variable}=${wanted.number}: another program listens there. Set another port, or 0 for any free one.`,
  );
}

/**
 * The wanted port, or a free one where it is taken and the user hasn't set it.
 * @param variable names the setting in the error
 * @throws PortTaken; Error with code EACCES or EADDRNOTAVAIL as `listen` gives it
 */
export async function choosePort(wanted: Port, host: string, variable: string): Promise<ClaimedPort> {
  let claimed = await claimWanted(wanted, host, variable);
  return {
    get number() {
      return claimed.number;
    },
    async keepFree() {
      if ((await tryPort(claimed.number, host)) !== null) return;
      claimed.release();
      claimed = await claimWanted(wanted, host, variable);
    },
    release: () => claimed.release(),
  };
}
