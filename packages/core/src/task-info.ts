/** Tasks as clients see them: `GET /v1/tasks`. */
import { z } from 'zod';

const jsonSchema = z.record(z.string(), z.json());

export const taskListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(
      z
        .object({
          name: z.string().meta({ description: 'The name to submit it by.', examples: ['summarize'] }),
          summary: z.string(),
          input: jsonSchema.meta({ description: 'JSON Schema of `input`; a submit with any other input is refused.' }),
          output: jsonSchema.nullable().meta({ description: 'JSON Schema of `output`; null: the task defines none.' }),
        })
        .meta({ id: 'Task' }),
    ),
  })
  .meta({ id: 'TaskList' });

export type TaskList = z.infer<typeof taskListSchema>;

/** A task that the caller may submit. */
export type TaskInfo = TaskList['data'][number];
