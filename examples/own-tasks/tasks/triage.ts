/** The task `triage`: what a support message is about, and a first answer to it. */
import { defineTask } from '@holdfast/tasks';
import { z } from 'zod';

const verdict = z.object({ topic: z.enum(['billing', 'bug', 'other']), urgent: z.boolean() });

export const triage = defineTask({
  name: 'triage',
  summary: 'Sorts a support message and drafts an answer.',
  model: 'gpt-5-mini',
  input: z.strictObject({ message: z.string().min(1).max(20_000) }),
  output: z.object({ ...verdict.shape, draft: z.string() }),
  run: async ({ message }, ctx) => {
    // Kept once it is complete: a crash in the middle of the draft doesn't pay for it again.
    const sorted = await ctx.step('sort', () =>
      ctx.generate({ instructions: 'Sort the support message.', prompt: message, schema: verdict }),
    );
    ctx.logger.info({ topic: sorted.topic }, 'sorted');
    // Outside of a step: whoever attaches to the job sees this text as it comes.
    const draft = await ctx.generate({
      instructions: `Draft a friendly answer to a message about: ${sorted.topic}.`,
      prompt: message,
    });
    return { ...sorted, draft };
  },
});
