/**
 * An attempt of a follower: a job that is answered by an equal one of its tenant, its leader (`packages/journal/leader.ts`).
 *
 *   1. find     whose answer it is; its own, where nobody leads who can: `takeOver`
 *   2. copy     what the leader's journal tells, live while it runs, at once where it has ended
 *   3. finish   with the leader's output; or back to 1, where it has ended without one
 *
 * The follower's journal is its own: it has ids, numbers and attempts of its own, and shows none of its leader's. No provider
 * is called, and nothing of the leader's is touched: whatever becomes of one, the other doesn't notice.
 *
 * A leader that begins its text anew makes its readers drop what they have, and only a new attempt can say so. A crash at
 * any point leaves the follower running in its record: its next attempt begins at 1, with the text from its beginning.
 */
import { AttemptError, copiedUsage, type EventData, type Logger } from '@holdfast/core';
import {
  type AttemptWriter,
  attach,
  type Claim,
  findLeader,
  isSameGeneration,
  type Journal,
  JournalRefusal,
  type Leader,
  type LiveFeed,
  lastStart,
} from '@holdfast/journal';
import type { Task } from '@holdfast/tasks';
import type { AttemptResult } from '../attempt/attempt-result.ts';
import type { EmittedText } from '../attempt/emitted-text.ts';
import type { StopSignal } from '../attempt/stop-signal.ts';
import { storedText } from '../attempt/stored-answer.ts';
import type { RateLimitPermit } from '../cost/rate-limit-permit.ts';
import type { RunCost } from '../cost/run-cost.ts';
import type { AttemptTrace } from '../tracing/attempt-trace.ts';
import { CopySink } from './copy-sink.ts';
import { IdRewriter } from './rewrite-ids.ts';

interface FollowerDeps {
  journal: Journal;
  feed: LiveFeed;
  tasks: ReadonlyMap<string, Task>;
}

interface Follower {
  claim: Claim;
  stop: StopSignal;
  writer: AttemptWriter;
  text: EmittedText;
  cost: Pick<RunCost, 'saveCost' | 'toFields'>;
  permit: Pick<RateLimitPermit, 'drop'>;
  trace: Pick<AttemptTrace, 'follows'>;
  logger: Logger;
}

/** @throws AttemptError; JournalRefusal; the stop's reason */
export async function followLeader(deps: FollowerDeps, follower: Follower): Promise<AttemptResult> {
  const { claim, stop, writer, permit } = follower;
  permit.drop();
  // It calls no provider: nothing is lost by stopping it.
  stop.canBeResumed = true;
  writer.write('attempt.started', { attempt: claim.attempt, resumed: false });
  const begin = writer.seq;
  for (;;) {
    const leader = await askForLeader(deps, claim).catch((error: unknown) => giveUp(follower, error));
    if (leader === null) return takeOver();
    follower.trace.follows(leader);
    const answer = await copyAnswer(deps, follower, leader).catch((error: unknown) => giveUp(follower, error));
    stop.signal.throwIfAborted();
    if (answer) return copied(follower, leader, answer);
    // Readers have the beginning of something that doesn't go on.
    if (writer.seq > begin) return startOver();
  }
}

/** An error of the store while it fails over, or is full, isn't the job's fault: it is tried again. */
function giveUp({ claim, logger }: Follower, error: unknown): never {
  if (error instanceof AttemptError || error instanceof JournalRefusal) throw error;
  logger.warn({ jobId: claim.jobId, error }, 'leader not read');
  throw new AttemptError('internal_error', 'The equal job could not be read.', { retryable: true, cause: error });
}

async function askForLeader({ journal }: FollowerDeps, { jobId, shared, since }: Claim): Promise<Leader | null> {
  return shared ? findLeader(journal, { jobId, shared, since }) : null;
}

type CopiedAnswer = EventData<'job.completed'>;

/** null: the leader has ended without an answer, or has begun its text anew. */
async function copyAnswer(
  { journal, feed, tasks }: FollowerDeps,
  { claim, stop, writer, text }: Follower,
  leader: Leader,
): Promise<CopiedAnswer | null> {
  const { jobId } = leader;
  const request = JSON.stringify(claim.request);
  // A task's own output is data of its own making; its events hold none of a provider's ids.
  const passesThrough = (tasks.get(claim.request.task)?.endpoint ?? null) !== null;
  const ids = passesThrough ? new IdRewriter(`${claim.jobId}:${claim.generation}`, request) : null;
  const sink = new CopySink({ writer, text, jobId: claim.jobId, leaderId: jobId, ids });
  const signal = AbortSignal.any([stop.signal, sink.signal]);
  const after = await lastStart(journal, jobId);
  await attach({ journal, feed, jobId, after, sink, signal });
  return sink.answer && (await isSameGeneration(journal, leader)) ? sink.answer : null;
}

function copied({ cost }: Follower, leader: Leader, { output, usage }: CopiedAnswer): AttemptResult {
  cost.saveCost(usage?.cost_usd ?? 0);
  const input_tokens = usage?.input_tokens ?? 0;
  const output_tokens = usage?.output_tokens ?? 0;
  const uncounted = usage?.input_tokens === null ? 1 : 0;
  const json = JSON.stringify(output);
  const changes = {
    ...storedText(json, output),
    ...cost.toFields(),
    copied_input_tokens: input_tokens,
    copied_output_tokens: output_tokens,
    copied_from: leader.jobId,
    ...(uncounted ? { uncounted } : {}),
    // It doesn't become a leader: an answer is as old as the call that it came by.
    shared: '',
  };
  return { kind: 'answered', json, usage: copiedUsage({ input_tokens, output_tokens, uncounted }), changes };
}

function startOver(): AttemptResult {
  const message = 'The equal job that this one copied has begun anew, or has ended.';
  return { kind: 'put_back', error: new AttemptError('leader_lost', message, { retryable: true }), delayMs: 0 };
}

/**
 * The follower has got the lead, because its leader failed, was cancelled, deleted or lost: it goes into the queue of its own lane,
 * as any other job. Nothing was reserved for its call while it followed: that is done before the call leaves, or the job fails as
 * `budget_exceeded`, and another follower gets the lead. A crash before the write leaves a follower that has the lead, and its next
 * attempt comes here again.
 */
function takeOver(): AttemptResult {
  const message = 'No equal job answers for this one any more: it runs itself.';
  const error = new AttemptError('leader_lost', message, { retryable: true });
  return { kind: 'put_back', error, delayMs: 0, leavesFollowers: true };
}
