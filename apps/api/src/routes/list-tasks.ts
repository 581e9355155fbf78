/** `GET /v1/tasks`: the tasks that the caller's key may submit, with the schemas of what they take and give. */
import type { Caller, TaskInfo, TaskList } from '@holdfast/core';
import type { Request, Response } from '@holdfast/service';
import type { Task } from '@holdfast/tasks';
import { z } from 'zod';
import { mayUse } from '../access/own-job.ts';
import { sendJson } from '../http/send-job.ts';
import type { ApiParts } from '../parts.ts';

/** What can't be said in JSON Schema is said as "anything". `unusedIO` is a word to the OpenAPI document only. */
function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): TaskInfo['input'] {
  const override = ({ jsonSchema }: { jsonSchema: object }) => void Reflect.deleteProperty(jsonSchema, 'unusedIO');
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', override }) as TaskInfo['input'];
}

function describeTask({ name, summary, input, output }: Task): TaskInfo {
  return {
    name,
    summary,
    input: jsonSchemaOf(input, 'input'),
    output: output && jsonSchemaOf(output, 'output'),
  };
}

/** The route. The tasks of a process don't change: they are described once. */
export function listTasksOf(tasks: ReadonlyMap<string, Task>) {
  const all = [...tasks.values()].map(describeTask);
  return async (_parts: ApiParts, _request: Request, response: Response, caller: Caller): Promise<void> => {
    const mine = all.filter(({ name }) => mayUse(caller, name));
    sendJson(response, 200, { object: 'list', data: mine } satisfies TaskList);
  };
}
