/**
 * An API in front of a queue, as people write it: Express, pino-http, zod, BullMQ's `add`. The idempotency key is the job's id,
 * which is BullMQ's own way to do it. It checks no API key, counts no requests, and has no journal.
 */
import { Queue } from 'bullmq';
import express from 'express';
import { pinoHttp } from 'pino-http';
import { z } from 'zod';
import { serveCommands } from '../commands.ts';

const { REDIS_URL = '', PORT = '' } = process.env;
const { hostname: host, port } = new URL(REDIS_URL);
const queue = new Queue('chat', { connection: { host, port: Number(port) } });

const submission = z.strictObject({
  task: z.string(),
  input: z.looseObject({
    model: z.string(),
    messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1),
  }),
});

const app = express();
app.use(pinoHttp());
app.use(express.json({ limit: '1mb' }));

app.post('/jobs', async (request, response) => {
  const parsed = submission.safeParse(request.body);
  if (!parsed.success) {
    response.status(400).json({ error: z.prettifyError(parsed.error) });
    return;
  }
  const key = request.get('idempotency-key');
  const job = await queue.add('chat', parsed.data, key === undefined ? {} : { jobId: key });
  response.status(202).json({ id: job.id, status: 'queued' });
});

app.get('/jobs/:id', async (request, response) => {
  const job = await queue.getJob(request.params.id);
  if (!job) {
    response.status(404).json({ error: 'not found' });
    return;
  }
  response.json({ id: job.id, status: await job.getState(), input: job.data, output: job.returnvalue });
});

await queue.waitUntilReady();
app.listen(Number(PORT), '127.0.0.1', () => serveCommands(() => null));
