/**
 * A revoked key gets nothing more within 5 s, in every API process, in whatever it holds open; and no other key loses a thing:
 *
 *   streams   that wait for events: they end
 *   polls     that wait for a job's end: they are answered with 401
 *   readers   who take long over a large answer, as a stream or whole: they are cut off
 *   uploads   that are still on their way: they are refused with 401
 */
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage, request } from 'node:http';
import { Holdfast } from '@holdfast/client';
import { createApiKeys } from '@holdfast/gate';
import { AttemptWriter, FlushClock } from '@holdfast/journal';
import { type JournalProbe, silent } from '../../stack/journal-probe.ts';
import { chat, type Stack, until } from '../../stack/stack.ts';
import { makeKey } from '../../stack/tenants.ts';
import type { Scenario, Stage } from './scenario.ts';

const WITHIN_MS = 5_000;
const OF_EACH = 10;
const LARGE = 'x'.repeat(24 * 1_048_576);

interface Stream {
  open: boolean;
  text: string;
}

/** Reads on until it is cut. */
async function openStream(url: string, key: string, jobId: string): Promise<Stream> {
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

async function poll(url: string, key: string, jobId: string, waitSeconds: number): Promise<number> {
  const headers = { authorization: `Bearer ${key}` };
  return (await fetch(`${url}/v1/jobs/${jobId}?wait=${waitSeconds}`, { headers })).status;
}

/** Asks, and takes no more than the head of the answer. */
function openReader(url: string, key: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { authorization: `Bearer ${key}` }, agent: false }, resolve).on('error', reject);
  });
}

interface Upload {
  sending: ClientRequest;
  rest: string;
}

/** Sends a submit but for its last byte. */
async function beginUpload(url: string, key: string): Promise<Upload> {
  const body = JSON.stringify(chat('uploaded', 'tokens=1'));
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const sending = request(`${url}/v1/jobs`, { method: 'POST', headers, agent: false });
  sending.write(body.slice(0, -1));
  await once(sending, 'socket');
  return { sending, rest: body.slice(-1) };
}

async function endUpload({ sending, rest }: Upload): Promise<number> {
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
  sending.end(rest);
  const [answer] = await answered;
  answer.resume();
  return answer.statusCode ?? 0;
}

/** Ends the job as a worker does, with an answer that leaves piece by piece. */
async function endLarge({ journal }: JournalProbe, jobId: string): Promise<void> {
  const release = Number(await journal.redis.hget(journal.keysOf(jobId).record, 'release'));
  const reply = await journal.claim(jobId, release);
  if (reply.kind !== 'claimed') throw new Error(`not claimed: ${reply.kind}`);
  const ignore = () => undefined;
  const clock = new FlushClock({ journal, logger: silent });
  const writer = new AttemptWriter({ clock, ...reply.claim, onCancelRequested: ignore, onRefused: ignore });
  await writer.complete(JSON.stringify(LARGE), null, { text: LARGE });
}

/** What all API processes hold. */
async function heldBy(stack: Stack): Promise<number> {
  const metrics = await Promise.all(stack.running('api').map((api) => api.metrics()));
  return metrics.reduce((sum, text) => sum + Number(/^holdfast_held_requests (\d+)$/m.exec(text)?.[1]), 0);
}

export const revokedKey = {
  name: 'revoked-key',
  stack: { workers: 0, moreApis: [{}, {}] },
  most: { heldAfter5s: 0, openAfter5s: 0, pollsAnswered: 0, uploadsAccepted: 0 },

  /** @param withinMs a test on a busy machine gives more time */
  async play({ stack, probe }: Stage, withinMs = WITHIN_MS) {
    const [gone, kept] = [await makeKey(stack, probe, 'streams'), await makeKey(stack, probe, 'streams')];
    const client = new Holdfast({ baseUrl: stack.apiUrl, apiKey: kept.key });
    const { job } = await client.submit(chat('streamed', 'tokens=1'));
    const { job: large } = await client.submit(chat('large', 'tokens=1'));
    await endLarge(probe, large.id);
    const urls = Array.from({ length: OF_EACH }, (_, at) => stack.apiUrls[at % stack.apiUrls.length] ?? '');
    const each = <Value>(open: (url: string) => Promise<Value>) => Promise.all(urls.map(open));

    const uploads = await each((url) => beginUpload(url, gone.key));
    const polls = each((url) => poll(url, gone.key, job.id, 60));
    const streams = await each((url) => openStream(url, gone.key, job.id));
    const readers = await each((url) => openReader(`${url}/v1/jobs/${large.id}/events`, gone.key));
    readers.push(...(await each((url) => openReader(`${url}/v1/jobs/${large.id}`, gone.key))));
    const left = await openStream(stack.apiUrl, kept.key, job.id);
    await until('all read', () => [...streams, left].every(({ text }) => text.includes('job.accepted')));
    await until('all are held', async () => (await heldBy(stack)) === 4 * OF_EACH + 1);

    await createApiKeys({ redis: probe.redis, prefix: stack.prefix }).revoke('streams', gone.id);
    const stillOpen = () => streams.filter((stream) => stream.open).length;
    const isOver = async () => stillOpen() === 0 && (await heldBy(stack)) === 1;
    await until('they are cut', isOver, withinMs).catch(() => undefined);
    const counts = { heldAfter5s: (await heldBy(stack)) - 1, openAfter5s: stillOpen() };

    const refusedBy = async (url: string) => (await poll(url, gone.key, job.id, 0)) === 401;
    await until('every process knows', async () => (await Promise.all(stack.apiUrls.map(refusedBy))).every(Boolean));
    const uploaded = await Promise.all(uploads.map(endUpload));
    const uploadsAccepted = uploaded.filter((status) => status !== 401).length;
    const answered = counts.heldAfter5s > 0 ? [] : await polls;
    for (const reader of readers) reader.destroy();
    const pollsAnswered = answered.filter((status) => status !== 401).length;
    return { counts: { ...counts, pollsAnswered, uploadsAccepted }, left, client, jobId: job.id };
  },
} satisfies Scenario;
