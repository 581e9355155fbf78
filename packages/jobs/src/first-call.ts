/** What a job's first provider call may cost, estimated from its body. It is reserved when the job is admitted. */
import type { JsonObject, Prices } from '@holdfast/core';
import { type CallEstimate, estimateCall } from '@holdfast/gate';
import { firstCallOf, type Task } from '@holdfast/tasks';

export interface FirstCall {
  /** null: this process doesn't know the task, and nothing is reserved for it. */
  model: string | null;
  estimate: CallEstimate | null;
}

export interface EstimateNeeds {
  tasks: ReadonlyMap<string, Task>;
  prices: Prices;
}

export function estimateFirstCall({ tasks, prices }: EstimateNeeds, taskName: string, input: JsonObject): FirstCall {
  const task = tasks.get(taskName);
  const call = task && firstCallOf(task, input);
  if (!call) return { model: null, estimate: null };
  return { model: String(call.body.model), estimate: estimateCall(prices, call.endpoint, call.body) };
}
