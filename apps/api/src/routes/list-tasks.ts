/** `GET /v1/tasks`: the tasks that the caller's API key may submit, with the schemas of their inputs and outputs. */
import type { TaskInfo, TaskList } from '@holdfast/core';
import { mayUse } from '@holdfast/jobs';
import type { Task } from '@holdfast/tasks';
import { z } from 'zod';
import type { CallerHandler } from '../access/authenticate.ts';
import { sendJson } from '../http/send-json.ts';

/** The tasks of a process don't change: they are described once. */
export function listTasks({ tasks }: { tasks: ReadonlyMap<string, Task> }): CallerHandler {
  const all = [...tasks.values()].map(describeTask);
  return async (_request, response, caller) => {
    const data = all.filter(({ name }) => mayUse(caller, name));
    sendJson(response, 200, { object: 'list', data } satisfies TaskList);
  };
}

function describeTask({ name, summary, input, output }: Task): TaskInfo {
  return {
    name,
    summary,
    input: jsonSchemaOf(input, 'input'),
    output: output && jsonSchemaOf(output, 'output'),
  };
}

/** What JSON Schema can't express becomes "anything". `unusedIO` is meant for the OpenAPI document only. */
function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): TaskInfo['input'] {
  const override = ({ jsonSchema }: { jsonSchema: object }) => void Reflect.deleteProperty(jsonSchema, 'unusedIO');
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', override }) as TaskInfo['input'];
}
