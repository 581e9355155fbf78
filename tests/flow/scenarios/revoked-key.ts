/** The streams of a revoked key are cut within 5 s in every API process, and no others. */
import { Holdfast } from '@holdfast/client';
import { createApiKeys } from '@holdfast/gate';
import { chat, until } from '../stack.ts';
import { makeKey } from '../tenants.ts';
import type { Scenario, Stage } from './scenario.ts';

const WITHIN_MS = 5_000;
const STREAMS = 10;

interface Stream {
  open: boolean;
  text: string;
}

/** Reads on until it is cut. */
async function open(url: string, key: string, jobId: string): Promise<Stream> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`${url}/v1/jobs/${jobId}/events`, { headers });
  const stream = { open: true, text: '' };
  const read = async () => {
    for await (const chunk of response.body ?? []) stream.text += Buffer.from(chunk).toString();
  };
  const close = () => {
    stream.open = false;
  };
  void read().then(close, close);
  return stream;
}

export const revokedKey = {
  name: 'revoked-key',
  stack: { workers: 0, moreApis: [{}, {}] },
  most: { openAfter5s: 0 },

  async play({ stack, probe }: Stage) {
    const [gone, kept] = [await makeKey(stack, probe, 'streams'), await makeKey(stack, probe, 'streams')];
    const client = new Holdfast({ baseUrl: stack.apiUrl, apiKey: kept.key });
    const { job } = await client.submit(chat('streamed', 'tokens=1'));
    const urlOf = (at: number) => stack.apiUrls[at % stack.apiUrls.length] ?? '';
    const cut = await Promise.all(Array.from({ length: STREAMS }, (_, at) => open(urlOf(at), gone.key, job.id)));
    const left = await open(stack.apiUrl, kept.key, job.id);
    await until('all read', () => [...cut, left].every(({ text }) => text.includes('job.accepted')));

    await createApiKeys({ redis: probe.redis, prefix: stack.prefix }).revoke('streams', gone.id);
    const stillOpen = () => cut.filter((stream) => stream.open).length;
    await until('they are cut', () => stillOpen() === 0, WITHIN_MS).catch(() => undefined);
    return { counts: { openAfter5s: stillOpen() }, left, client, jobId: job.id };
  },
} satisfies Scenario;
