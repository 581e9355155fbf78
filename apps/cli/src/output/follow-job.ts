/**
 * `holdfast follow`: prints a job's text on stdout, from its beginning and as it comes, until the job ends.
 *
 *   text        as it comes; a job without text prints its output, as JSON
 *   --json      its events instead, one line each
 *   remarks     on stderr: lost connections, retries, waits, attempts that start over, how the job ended
 *   exit code   by the outcome
 *
 * The client package reconnects by itself. Ctrl-C doesn't cancel the job.
 */
import type { Holdfast, JobEvent, Reconnect } from '@holdfast/client';
import type { Command } from 'commander';
import { exitCodeOf, exitCodes } from './failures.ts';
import { note, wantsJson } from './printer.ts';
import { withoutControls } from './table.ts';
import { TextPrinter } from './text-printer.ts';

/** The exit code. */
export async function followJob(holdfast: Holdfast, id: string, command: Command): Promise<number> {
  const json = wantsJson(command);
  const text = new TextPrinter(writeText);
  let exitCode: number = exitCodes.error;
  for await (const snapshot of holdfast.stream(id, { onReconnect: sayBreak })) {
    const { event } = snapshot;
    if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
    else if (text.show(snapshot.text)) note('The answer starts over: ignore the text before this line.');
    if (!json) sayWait(event);
    if (!snapshot.done) continue;
    exitCode = exitCodeOf[outcomeOf(event)];
    if (!json) sayEnd(event, text);
  }
  return exitCode;
}

function outcomeOf({ type }: JobEvent): keyof typeof exitCodeOf {
  if (type === 'job.completed') return 'completed';
  return type === 'job.cancelled' ? 'cancelled' : 'failed';
}

function sayWait(event: JobEvent): void {
  if (event.type === 'attempt.failed') note(`${event.data.error.message} Next try at ${event.data.retry_at}.`);
  if (event.type === 'call.delayed') note(`${event.data.error.message} The call waits, five minutes at most.`);
}

function sayEnd(event: JobEvent, text: TextPrinter): void {
  if (event.type === 'job.completed' && text.isEmpty) process.stdout.write(JSON.stringify(event.data.output));
  if (!text.isEmpty || event.type === 'job.completed') process.stdout.write('\n');
  if (event.type === 'job.failed') note(`The job failed: ${event.data.error.message} (${event.data.error.code})`);
  if (event.type === 'job.cancelled') note('The job was cancelled.');
}

function sayBreak({ error, failures }: Reconnect): void {
  // Once for each outage: the client tries until it succeeds.
  if (failures === 1) note(`${error.message} Reconnecting …`);
}

/** Removes control characters for a terminal, because a model may write any. A file gets them unchanged. */
function writeText(text: string): void {
  process.stdout.write(process.stdout.isTTY ? withoutControls(text) : text);
}
