/**
 * A backend that has summaries of orders written by a model.
 *
 *   POST /orders/:id/summary          has it written: once, however often it is asked for
 *   GET  /orders/:id/summary/events   its text as it comes, as Server-Sent Events; a browser resumes by itself
 *
 * `holdfast start` sets HOLDFAST_URL and HOLDFAST_API_KEY. Jobs and keys stay behind this server.
 */
import { Holdfast, HoldfastApiError } from '@holdfast/client';
import express, { type ErrorRequestHandler } from 'express';

const { HOLDFAST_URL = 'http://127.0.0.1:3000', HOLDFAST_API_KEY = '', APP_PORT = '4000' } = process.env;
const holdfast = new Holdfast({ baseUrl: HOLDFAST_URL, apiKey: HOLDFAST_API_KEY });

/** The same order is the same job: a double click, a retry after a lost answer, another server of yours. */
const keyOf = (orderId: string) => `order-summary-${orderId}`;

const app = express();
app.use(express.static(`${import.meta.dirname}/public`));

app.post('/orders/:id/summary', async (request, response) => {
  const prompt = `Summarize order ${request.params.id} in two sentences.`;
  const { job, replayed } = await holdfast.submit(
    { task: 'chat.completions', input: { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: prompt }] } },
    { idempotencyKey: keyOf(request.params.id) },
  );
  response.status(202).json({ status: job.status, replayed });
});

app.get('/orders/:id/summary/events', async (request, response) => {
  const job = await holdfast.find(keyOf(request.params.id));
  if (job === null) {
    response.status(404).json({ error: 'No summary of this order was asked for.' });
    return;
  }
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.type('text/event-stream').flushHeaders();
  // A browser that lost its connection says which event it has: it gets those after it. The job goes on either way.
  const after = Number(request.get('last-event-id') ?? 0);
  try {
    for await (const { seq, type, data } of holdfast.attach(job.id, { after, signal: gone.signal })) {
      response.write(`id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
  response.end();
});

/** What Holdfast refuses (429, 402, …) is passed on; its details stay here. */
const onError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent || !(error instanceof HoldfastApiError)) {
    next(error);
    return;
  }
  if (error.retryAfterMs !== null) response.set('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
  response.status(error.status).json({ error: error.code });
};
app.use(onError);

app.listen(Number(APP_PORT), '127.0.0.1', () => process.stdout.write(`Open http://127.0.0.1:${APP_PORT}\n`));
