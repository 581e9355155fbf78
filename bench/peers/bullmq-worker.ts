/**
 * A worker as in a first project: BullMQ's defaults, the `openai` SDK, and the text so far as the job's progress. On SIGTERM it
 * does what BullMQ's guide to production says. It takes no more jobs, and ends after its last one.
 */
import { Worker } from 'bullmq';
import OpenAI from 'openai';

const { REDIS_URL = '', OPENAI_BASE_URL: baseURL } = process.env;
const openai = new OpenAI({ baseURL, apiKey: 'any' });
const { hostname: host, port } = new URL(REDIS_URL);

const worker = new Worker<{ name: string; sim: string }, string>(
  'chat',
  async (job) => {
    const stream = await openai.chat.completions.create({
      model: 'sim',
      messages: [{ role: 'user', content: 'Say something.' }],
      metadata: { case: job.data.name, sim: job.data.sim },
      stream: true,
    });
    let text = '';
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? '';
      await job.updateProgress({ worker: process.pid, text });
    }
    return text;
  },
  // Everything is a default but the concurrency, which would be 1.
  { connection: { host, port: Number(port) }, concurrency: 50 },
);
worker.on('error', () => undefined);
process.once('SIGTERM', () => void worker.close().then(() => process.exit(0)));
await worker.waitUntilReady();
console.log('worker ready');
