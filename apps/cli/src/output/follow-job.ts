/**
 * `holdfast follow`: a job's text on stdout from its beginning and as it comes, until the job ends.
 *
 *   text        as it comes; a job without text prints its output, as JSON
 *   --json      its events instead, one line each
 *   remarks     on stderr: breaks of the connection, what is tried again or waited for, attempts that begin anew, how it ended
 *   exit code   by the outcome
 *
 * The client package mends breaks of the connection; Ctrl-C leaves the job alone.
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
    else if (text.show(snapshot.text)) note('The answer began anew: what stands before it no longer counts.');
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
  if (event.type === 'attempt.failed') note(`${event.data.error.message} To be tried again at ${event.data.retry_at}.`);
  if (event.type === 'call.delayed') note(`${event.data.error.message} The call waits, five minutes at most.`);
}

function sayEnd(event: JobEvent, text: TextPrinter): void {
  if (event.type === 'job.completed' && text.isEmpty) process.stdout.write(JSON.stringify(event.data.output));
  if (!text.isEmpty || event.type === 'job.completed') process.stdout.write('\n');
  if (event.type === 'job.failed') note(`The job failed: ${event.data.error.message} (${event.data.error.code})`);
  if (event.type === 'job.cancelled') note('The job was cancelled.');
}

function sayBreak({ error, failures }: Reconnect): void {
  // Once per outage: it is tried on until it is mended.
  if (failures === 1) note(`${error.message} Connecting again …`);
}

/** A terminal obeys some characters, and a model may write any; a file gets them as they are. */
function writeText(text: string): void {
  process.stdout.write(process.stdout.isTTY ? withoutControls(text) : text);
}
