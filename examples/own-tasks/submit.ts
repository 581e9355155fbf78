/** Submits a job of each task, and prints what comes. The types of the tasks reach the client; their code doesn't. */
import { Holdfast } from '@holdfast/client';
import type * as digests from './tasks/digest.ts';
import type * as triages from './tasks/triage.ts';

const { HOLDFAST_URL = 'http://127.0.0.1:3000', HOLDFAST_API_KEY = '' } = process.env;
const holdfast = new Holdfast<typeof digests & typeof triages>({ baseUrl: HOLDFAST_URL, apiKey: HOLDFAST_API_KEY });

// Under one key there is one job: run this again while Holdfast keeps it, and nothing is paid again.
const ticket = await holdfast.submit(
  { task: 'triage', input: { message: 'I was charged twice!' } },
  { idempotencyKey: 'ticket-7' },
);
for await (const { event } of holdfast.stream(ticket.job.id)) {
  if (event.type === 'text.delta') process.stdout.write(event.data.text);
}
const { output } = await holdfast.wait(ticket.job.id);
process.stdout.write(`\n\ntriage: ${output?.topic}, ${output?.urgent ? 'urgent' : 'not urgent'}\n`);

const { job } = await holdfast.submit({ task: 'digest', input: { notes: ['It rained.', 'The train was late.'] } });
const digest = await holdfast.wait(job.id);
process.stdout.write(`digest: ${digest.status} after ${digest.provider_calls} calls\n${digest.output}\n`);
