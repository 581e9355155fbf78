/** The built-in tasks: each passes an OpenAI request body through to a provider, as one call. */
import type { ProviderEndpoint } from '@holdfast/core';
import type { z } from 'zod';
import { chatInput, embeddingsInput, responsesInput } from './request/openai-input.ts';
import { withCase } from './request/simulator-instructions.ts';
import { TASK_BRAND, TASK_VERSION, type Task } from './task.ts';

/** The task has the name of the provider's surface that its input is passed to. */
function passThrough(endpoint: ProviderEndpoint, input: z.ZodType, summary: string): Task {
  const run: Task['run'] = (body, host) => host.passThrough(endpoint, withCase(body, host.jobId));
  const unsaid = { place: null, output: null, model: null, cache: null };
  return { [TASK_BRAND]: TASK_VERSION, name: endpoint, endpoint, summary, input, run, ...unsaid };
}

const builtIn: readonly Task[] = [
  passThrough('responses', responsesInput, 'An OpenAI Response.'),
  passThrough('chat.completions', chatInput, 'An OpenAI chat completion.'),
  passThrough('embeddings', embeddingsInput, 'OpenAI embeddings.'),
];

/** Tasks by name. */
export const builtInTasks: ReadonlyMap<string, Task> = new Map(builtIn.map((task) => [task.name, task]));
