/** Sends one append. Parts that are too large for an argument are staged before, in pieces. Safe to repeat as a whole. */
import { type Cell, scripts } from '@holdfast/cell';
import type { Append, AppendReply } from './append.ts';
import { appendArguments, appendReplyOf, finishArguments, finishReplyOf, refusedReply } from './append-arguments.ts';
import { MAX_ARGUMENT_BYTES, stageValue } from './staged-value.ts';

type OnCell = Pick<Cell, 'redis' | 'keys' | 'retentionMs'>;

/** Throws what the connection throws. */
export async function sendAppend(cell: OnCell, append: Append): Promise<AppendReply> {
  for (;;) {
    const staged = await stageEvents(cell, append);
    if ('kind' in staged) return staged;
    const { end, changes } = append;
    if (!end) {
      const [reply] = (await scripts.append.run(cell, appendArguments(staged.append))) as unknown[];
      return appendReplyOf(reply);
    }
    const output = await stageValue(cell, String(changes.output ?? ''));
    const text = await stageValue(cell, changes.text === undefined ? '' : JSON.stringify(changes.text));
    const reply = await scripts.finish.run(
      cell,
      finishArguments(staged.append, end, { output, text }, cell.retentionMs),
    );
    const [kind] = reply as [string];
    // Redis was away until a staged value had expired.
    if (kind !== 'not_staged') return finishReplyOf(reply, end);
  }
}

/** The append with the rest of its events; or the reply, where it was refused or had been applied before. */
async function stageEvents(cell: OnCell, append: Append): Promise<{ append: Append } | AppendReply> {
  if (append.bytes.length * 3 <= MAX_ARGUMENT_BYTES) return { append };
  const { jobId, attempt, token, before, after, end } = append;
  const bytes = Buffer.from(append.bytes);
  let offset = 0;
  for (; bytes.length - offset > MAX_ARGUMENT_BYTES; offset += MAX_ARGUMENT_BYTES) {
    const piece = bytes.subarray(offset, offset + MAX_ARGUMENT_BYTES);
    const reply = await scripts.stageEvents.run(cell, [jobId, attempt, token, before, after, offset, piece]);
    const [kind] = reply as [string];
    if (kind === 'again') return end ? finishReplyOf(reply, end) : appendReplyOf(reply);
    if (kind !== 'staged') return refusedReply(kind);
  }
  return { append: { ...append, bytes: bytes.subarray(offset) } };
}
