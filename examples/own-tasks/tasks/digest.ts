/** The task `digest`: one text about many. Each of them is read in a step of its own, all at once. */
import { defineTask } from '@holdfast/tasks';
import { z } from 'zod';

export const digest = defineTask({
  name: 'digest',
  summary: 'Sums up a list of notes.',
  model: 'gpt-5-mini',
  input: z.strictObject({ notes: z.array(z.string().min(1)).min(1).max(50) }),
  output: z.string(),
  run: async ({ notes }, ctx) => {
    const points = notes.map((note, at) =>
      ctx.step(`note-${at}`, () => ctx.generate({ prompt: `The main point of this note, in one sentence:\n${note}` })),
    );
    return ctx.generate({ prompt: `Make one paragraph of these points:\n${(await Promise.all(points)).join('\n')}` });
  },
});
