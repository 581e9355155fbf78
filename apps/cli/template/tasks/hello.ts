/** The task `hello`: greets somebody in two steps. Prompt, model and keys stay on the server. */
import { defineTask } from '@holdfast/tasks';
import { z } from 'zod';

export const hello = defineTask({
  name: 'hello',
  summary: 'Greets somebody.',
  model: 'gpt-5-mini',
  input: z.strictObject({ name: z.string().min(1).max(100) }),
  output: z.object({ mood: z.string(), greeting: z.string() }),
  run: async ({ name }, ctx) => {
    // A step that is complete is kept: after a crash it isn't run, or paid for, again.
    const mood = await ctx.step('mood', () => ctx.generate({ prompt: 'Name a mood, in one word.' }));
    // Readers who attach to the job see this text as it comes.
    const greeting = await ctx.generate({ prompt: `Greet ${name}. Your mood is: ${mood}` });
    return { mood, greeting };
  },
});
