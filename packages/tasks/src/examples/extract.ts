/** The example `extract`: fields that the client names, out of a text, as an object that surely has them. */
import { z } from 'zod';
import { defineTask } from '../define-task.ts';

const INSTRUCTIONS =
  'Extract the fields from the text. Copy what the text says; never guess. A field that the text does not tell is null.';

const kinds = {
  text: z.string(),
  number: z.number(),
  boolean: z.boolean(),
  date: z.string().regex(/^\d{4}-\d\d-\d\d$/, 'a date as YYYY-MM-DD'),
  list: z.array(z.string()),
};

const field = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/i, 'letters, digits and "_", beginning with a letter'),
  type: z.enum(['text', 'number', 'boolean', 'date', 'list']).default('text'),
  description: z.string().max(500).optional().meta({ description: 'What is meant, where the name doesn’t say it.' }),
});

const input = z.strictObject({
  text: z.string().min(1).max(200_000),
  fields: z
    .array(field)
    .min(1)
    .max(50)
    .refine((fields) => new Set(fields.map(({ name }) => name)).size === fields.length, 'names must differ')
    .meta({ examples: [[{ name: 'company' }, { name: 'total', type: 'number' }]] }),
});

export const extract = defineTask({
  name: 'extract',
  summary: 'Fields of your choice out of a text, as JSON: each is there, null where the text does not tell it.',
  model: 'gpt-5-mini',
  input,
  output: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()])),
  run: ({ text, fields }, ctx) => {
    const members = fields.map(({ name, type, description }) => {
      const member = kinds[type].nullable();
      return [name, description === undefined ? member : member.meta({ description })] as const;
    });
    return ctx.generate({ instructions: INSTRUCTIONS, prompt: text, schema: z.object(Object.fromEntries(members)) });
  },
});
