/** What a job's first provider call may cost, estimated from its body: what is reserved for it when it is admitted. */
import type { JsonObject } from '@holdfast/core';
import { type CallEstimate, estimateCall } from '@holdfast/gate';
import { firstCallOf } from '@holdfast/tasks';
import type { ApiParts } from './parts.ts';

export interface FirstCall {
  /** null: this process doesn't know the task, and nothing is reserved for it. */
  model: string | null;
  estimate: CallEstimate | null;
}

export function estimateFirstCall({ tasks, prices }: ApiParts, taskName: string, input: JsonObject): FirstCall {
  const task = tasks.get(taskName);
  const call = task && firstCallOf(task, input);
  if (!call) return { model: null, estimate: null };
  return { model: String(call.body.model), estimate: estimateCall(prices, call.endpoint, call.body) };
}
