/** A webhook's receiver: checks signatures as a stranger would, and can refuse. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;

export interface Received {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

export async function startReceiver() {
  const received: Received[] = [];
  const state = { status: 204, tries: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      state.tries += 1;
      const headers = request.headers as Record<string, string>;
      const body = new Webhook(secret).verify(Buffer.concat(chunks).toString(), headers) as Omit<Received, 'id'>;
      if (state.status < 300) received.push({ ...body, id: headers['webhook-id'] ?? '' });
      response.writeHead(state.status, state.status === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/alerts`,
    received,
    /** What it answers from now on, and how often it was asked. */
    state,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
