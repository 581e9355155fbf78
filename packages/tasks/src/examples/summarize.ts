/**
 * The example `summarize`: map-reduce over a text of any length.
 *
 *   1. split      at paragraphs, into parts that a model takes well
 *   2. map        notes on each part: one step per part, a few side by side; readers see `step.completed`
 *   3. reduce     the summary from the notes, streamed to readers
 *
 * A crash at any point costs no notes that were taken. A text of one part is summarized at once.
 */
import { z } from 'zod';
import { mapBounded } from '../context/map-bounded.ts';
import { defineTask } from '../define-task.ts';
import { splitText } from './split-text.ts';

const PART_CHARACTERS = 12_000;
const PARTS_AT_ONCE = 4;

const input = z.strictObject({
  text: z.string().min(1).max(900_000),
  words: z.int().min(20).max(2_000).default(150).meta({ description: 'About how long the summary shall be.' }),
  focus: z.string().max(500).optional().meta({ description: 'What the reader is most interested in.' }),
});

export const summarize = defineTask({
  name: 'summarize',
  summary: 'A summary of a text of any length.',
  model: 'gpt-5-mini',
  input,
  output: z.string(),
  run: async ({ text, words, focus }, ctx) => {
    const interest = focus === undefined ? '' : ` The reader is most interested in: ${focus}.`;
    const reduce = `Summarize in about ${words} words, in the language of the text. Use only what it says.${interest}`;
    const parts = splitText(text, PART_CHARACTERS);
    if (parts.length === 1) return ctx.generate({ instructions: reduce, prompt: text });
    ctx.logger.info({ parts: parts.length }, 'split');
    const map = `Take notes on this part of a longer text: facts, names, numbers, conclusions, in order.${interest}`;
    const notes = await mapBounded(parts, PARTS_AT_ONCE, (part, at) =>
      ctx.step(`part-${at + 1}`, () => ctx.generate({ instructions: map, prompt: part })),
    );
    return ctx.generate({ instructions: `These are notes on a text. ${reduce}`, prompt: notes.join('\n\n') });
  },
});
