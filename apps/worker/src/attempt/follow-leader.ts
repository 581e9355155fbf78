/**
 * An attempt of a follower: a job that is answered by an equal one of its tenant, its leader (`packages/journal/leader.ts`).
 *
 *   1. find     whose answer it is; its own, where nobody leads who can: `take-over.ts`
 *   2. copy     what the leader's journal tells, live while it runs, at once where it has ended
 *   3. finish   with the leader's output; or back to 1, where it has ended without one
 *
 * The follower's journal is its own: it has ids, numbers and attempts of its own, and shows none of its leader's. No provider
 * is called, and nothing of the leader's is touched: whatever becomes of one, the other doesn't notice.
 *
 * A leader that begins its text anew makes its readers drop what they have, and only a new attempt can say so. A crash at
 * any point leaves the follower running in its record: its next attempt begins at 1, with the text from its beginning.
 */
import { AttemptError, copiedUsage, type EventData, type Outcome } from '@holdfast/core';
import { attach, findLeader, isSameGeneration, JournalRefusal, type Leader, lastStart } from '@holdfast/journal';
import { costFields } from '../calls/call-slots.ts';
import { NewIds } from '../lanes/new-ids.ts';
import { defer } from './conclude-attempt.ts';
import { CopySink } from './copy-sink.ts';
import { storedText } from './finish-job.ts';
import type { Attempt, WorkerParts } from './run-attempt.ts';
import { takeOver } from './take-over.ts';

export async function followLeader(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const { claim, order, writer } = attempt;
  // Nothing was taken from the lane for it, and nothing is lost by stopping it.
  attempt.hasAcquiredCall = false;
  order.canBeTakenUp = true;
  writer.write('attempt.started', { attempt: claim.attempt, resumed: false });
  const begin = writer.seq;
  for (;;) {
    const leader = await askForLeader(parts, attempt).catch((error: unknown) => giveUp(attempt, error));
    if (leader === null) return takeOver(parts, attempt);
    const answer = await copyAnswer(parts, attempt, leader).catch((error: unknown) => giveUp(attempt, error));
    order.signal.throwIfAborted();
    if (answer) return finishFollower(attempt, answer);
    // Readers have the beginning of something that doesn't go on.
    if (writer.seq > begin) return startOver(parts, attempt);
  }
}

/** What the store says while it fails over or is full is none of the job's doing: it is tried again. */
function giveUp({ claim, logger }: Attempt, error: unknown): never {
  if (error instanceof AttemptError || error instanceof JournalRefusal) throw error;
  logger.warn({ jobId: claim.jobId, error }, 'leader not read');
  throw new AttemptError('internal_error', 'The equal job could not be read.', { retryable: true, cause: error });
}

async function askForLeader({ journal }: WorkerParts, { claim }: Attempt): Promise<Leader | null> {
  const { jobId, shared, since } = claim;
  return shared ? findLeader(journal, { jobId, shared, since }) : null;
}

type CopiedAnswer = EventData<'job.completed'>;

/** null: it has ended without one, or has begun its text anew. */
async function copyAnswer(
  { journal, feed, tasks }: WorkerParts,
  attempt: Attempt,
  leader: Leader,
): Promise<CopiedAnswer | null> {
  const { claim, order } = attempt;
  const { jobId } = leader;
  const request = JSON.stringify(claim.request);
  // A task's own output is data of its own making; its events hold no provider's.
  const passesThrough = (tasks.get(claim.request.task)?.endpoint ?? null) !== null;
  const newIds = passesThrough ? new NewIds(`${claim.jobId}:${claim.generation}`, request) : null;
  const sink = new CopySink(attempt, { leaderId: jobId, newIds });
  const signal = AbortSignal.any([order.signal, sink.signal]);
  const after = await lastStart(journal, jobId);
  await attach({ journal, feed, jobId, after, sink, signal });
  return sink.answer && (await isSameGeneration(journal, leader)) ? sink.answer : null;
}

async function finishFollower(attempt: Attempt, { output, usage: told }: CopiedAnswer): Promise<Outcome> {
  const { writer, bill } = attempt;
  bill.avoid(told?.cost_usd ?? 0);
  const input_tokens = told?.input_tokens ?? 0;
  const output_tokens = told?.output_tokens ?? 0;
  const uncounted = told?.input_tokens === null ? 1 : 0;
  const copied = {
    ...{ copied_input_tokens: input_tokens, copied_output_tokens: output_tokens },
    ...(uncounted ? { uncounted } : {}),
  };
  const json = JSON.stringify(output);
  // It is no leader: an answer is as old as the call that it came by.
  const changes = { ...storedText(json, output), ...costFields(attempt), ...copied, shared: '' };
  const usage = copiedUsage({ input_tokens, output_tokens, uncounted });
  const { unblocked } = await writer.complete(json, usage, changes);
  return { kind: 'completed', unblocked };
}

async function startOver(parts: WorkerParts, attempt: Attempt): Promise<Outcome> {
  const error = new AttemptError('leader_lost', 'The equal job that this one copied has begun anew, or has ended.', {
    retryable: true,
  });
  return defer(parts, attempt, error, 0);
}
