/** The built-in tasks: each passes an OpenAI request body through to a provider. */
import { chatInput, embeddingsInput, responsesInput } from './openai-input.ts';
import type { Task } from './task.ts';

const builtIn: readonly Task[] = [
  { name: 'responses', endpoint: 'responses', input: responsesInput, summary: 'An OpenAI Response.' },
  { name: 'chat.completions', endpoint: 'chat.completions', input: chatInput, summary: 'An OpenAI chat completion.' },
  { name: 'embeddings', endpoint: 'embeddings', input: embeddingsInput, summary: 'OpenAI embeddings.' },
];

/** Tasks by name. */
export const builtInTasks: ReadonlyMap<string, Task> = new Map(builtIn.map((task) => [task.name, task]));
