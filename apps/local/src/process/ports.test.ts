import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type ClaimedPort, choosePort, freePort, PortTaken } from './ports.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const opened of open.splice(0)) opened.close();
});

function listen(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(port, '127.0.0.1', () => resolve(server));
    open.push(server);
  });
}

async function choose(number: number, explicit: boolean): Promise<ClaimedPort> {
  const port = await choosePort({ number, explicit }, '127.0.0.1', 'PORT');
  open.push({ close: () => port.release() });
  return port;
}

describe('choosePort', () => {
  it('takes the wanted port where it is free', async () => {
    const wanted = await freePort('127.0.0.1');
    expect((await choose(wanted, true)).number).toBe(wanted);
  });

  it('replaces a default that is taken', async () => {
    const wanted = await freePort('127.0.0.1');
    await listen(wanted);
    const { number } = await choose(wanted, false);
    expect(number).toBeGreaterThan(0);
    expect(number).not.toBe(wanted);
  });

  it('refuses a port that the user has set and that is taken, naming the variable', async () => {
    const wanted = await freePort('127.0.0.1');
    await listen(wanted);
    await expect(choose(wanted, true)).rejects.toThrow(PortTaken);
    await expect(choose(wanted, true)).rejects.toThrow(`PORT=${wanted}`);
  });

  it('gives each port once, even while no program listens there yet', async () => {
    const wanted = await freePort('127.0.0.1');
    const first = await choose(wanted, false);
    expect((await choose(wanted, false)).number).not.toBe(first.number);
    first.release();
    expect((await choose(wanted, false)).number).toBe(wanted);
  });

  it('gives any free port for 0', async () => {
    expect((await choose(0, false)).number).toBeGreaterThan(0);
  });

  it('keeps a port that is still free, and replaces one that another program has taken since', async () => {
    const port = await choose(await freePort('127.0.0.1'), false);
    const before = port.number;
    await port.keepFree();
    expect(port.number).toBe(before);
    await listen(before);
    await port.keepFree();
    expect(port.number).not.toBe(before);
  });
});
