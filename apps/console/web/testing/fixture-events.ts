/** Made-up events of a job: those of a running one come one by one. */
import type { ServerResponse } from 'node:http';
import { formatEvent } from '@holdfast/core';
import { contentOf, jobs } from './fixture-jobs.ts';

const usage = { input_tokens: 420, output_tokens: 180, cost_usd: 0.00214, estimated: false, cached: false };

function eventsOf(id: string): string[] {
  const job = jobs.find((one) => one.id === id);
  if (!job) return [];
  const text = contentOf({ ...job, status: 'completed' }).output_text ?? '';
  const words = text.split(/(?<= )/);
  const started = [
    formatEvent(1, 'job.accepted', { task: job.task, lane: job.lane }),
    formatEvent(2, 'attempt.started', { attempt: 1, resumed: false }),
  ];
  const deltas = words.map((word, index) => formatEvent(3 + index, 'text.delta', { text: word }));
  const last = 3 + words.length;
  const ends: Partial<Record<string, string>> = {
    completed: formatEvent(last, 'job.completed', { output: contentOf(job).output, usage }),
    failed: job.error ? formatEvent(last, 'job.failed', { error: job.error }) : '',
    cancelled: formatEvent(last, 'job.cancelled', {}),
  };
  const end = ends[job.status];
  if (job.status === 'queued') return started.slice(0, 1);
  return [...started, ...(job.status === 'failed' ? [] : deltas), ...(end ? [end] : [])];
}

export function eventStream(response: ServerResponse, id: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const isRunning = jobs.find((job) => job.id === id)?.status === 'running';
  const events = eventsOf(id);
  if (!isRunning) return void response.end(events.join(''));
  const next = () => {
    const event = events.shift();
    if (event !== undefined) response.write(event);
  };
  const timer = setInterval(next, 120);
  response.on('close', () => clearInterval(timer));
}
