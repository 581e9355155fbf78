/** Tasks as clients see them: `GET /v1/tasks`. */
import { z } from 'zod';

const jsonSchema = z.record(z.string(), z.json());

export const taskListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(
      z
        .object({
          name: z.string().meta({ description: 'What to submit it by.', examples: ['summarize'] }),
          summary: z.string(),
          input: jsonSchema.meta({ description: 'JSON Schema of `input`; other inputs are refused at submit.' }),
          output: jsonSchema.nullable().meta({ description: 'JSON Schema of `output`; null: not said.' }),
        })
        .meta({ id: 'Task' }),
    ),
  })
  .meta({ id: 'TaskList' });

export type TaskList = z.infer<typeof taskListSchema>;

/** A task that the caller may submit. */
export type TaskInfo = TaskList['data'][number];
