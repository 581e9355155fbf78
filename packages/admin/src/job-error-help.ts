/**
 * What each error of a job means, and what to do about it, in a few words. The console shows it beside the error, and
 * `docs/reference/errors.md` says the same: a test compares the two. Names of settings are in backticks.
 */
import type { JobErrorCode } from '@holdfast/core';

export interface JobErrorHelp {
  happened: string;
  /** Whether Holdfast has tried it again by itself. */
  triedAgain: string;
  todo: string;
}

const helps: Readonly<Record<JobErrorCode, JobErrorHelp>> = {
  provider_rate_limited: {
    happened: 'rate limit, or the account has no credit',
    triedAgain: 'rate limit: yes',
    todo: "lower the lane's limits; pay the bill",
  },
  provider_unavailable: {
    happened: 'the provider is down or unreachable',
    triedAgain: 'yes',
    todo: 'retry later; add a second provider',
  },
  provider_timeout: { happened: 'no first byte in time', triedAgain: 'yes', todo: 'raise `first_byte_timeout_ms`' },
  provider_stalled: {
    happened: 'the answer stopped in the middle',
    triedAgain: 'yes',
    todo: 'raise `idle_timeout_ms`',
  },
  provider_stream_cut: {
    happened: 'the connection broke before the end',
    triedAgain: 'yes',
    todo: 'check proxies on the way',
  },
  provider_bad_response: {
    happened: 'the reply is not an answer',
    triedAgain: 'partly',
    todo: 'check `base_url`, model and output limit',
  },
  provider_bad_request: { happened: 'the provider refused the request', triedAgain: 'no', todo: 'fix the input' },
  provider_unauthorized: {
    happened: 'the provider refused its key',
    triedAgain: 'no',
    todo: 'fix the key in `api_key_env`',
  },
  provider_not_found: { happened: 'no such model or path there', triedAgain: 'no', todo: 'fix `model` or `base_url`' },
  provider_response_gone: { happened: 'a background response is no longer there', triedAgain: 'yes', todo: 'nothing' },
  provider_refused: { happened: 'any other refusal by the provider', triedAgain: 'no', todo: 'read `message`' },
  provider_blocked: { happened: 'it ended without an answer', triedAgain: 'no', todo: 'change the prompt' },
  content_refused: { happened: 'a content policy refused it', triedAgain: 'no', todo: 'change the prompt' },
  deadline_exceeded: {
    happened: "the job didn't end before `deadline_ms`",
    triedAgain: 'no',
    todo: 'retry; the new run has no deadline',
  },
  ambiguous_call: {
    happened: 'a call broke off and may have been paid',
    triedAgain: 'no',
    todo: 'check the provider, then retry',
  },
  call_limit: {
    happened: '`max_calls` calls were paid, none answered',
    triedAgain: 'no',
    todo: 'find out why workers die, then retry',
  },
  crash_limit: {
    happened: 'its workers died `CRASH_LIMIT` times',
    triedAgain: 'no',
    todo: 'look at memory and logs, then retry',
  },
  output_invalid: {
    happened: "the answer doesn't fit the schema",
    triedAgain: 'no',
    todo: 'loosen the schema, or change the model',
  },
  answer_too_large: {
    happened: 'the answer is above `MAX_ANSWER_MB`',
    triedAgain: 'no',
    todo: 'ask for less, or raise the setting',
  },
  task_error: { happened: "the task's code threw", triedAgain: 'if it says so', todo: "read the worker's log" },
  worker_stopped: { happened: 'a worker stopped; another goes on', triedAgain: 'yes', todo: 'nothing' },
  leader_lost: { happened: 'the equal job ended without an answer', triedAgain: 'yes', todo: 'nothing' },
  budget_exceeded: {
    happened: 'a budget has no room for the next call',
    triedAgain: 'if others free it',
    todo: 'raise the budget, then retry',
  },
  internal_error: { happened: 'a fault of the worker', triedAgain: 'partly', todo: "read the worker's log" },
};

/** null: a code of a newer version. */
export function jobErrorHelp(code: string): JobErrorHelp | null {
  return Object.hasOwn(helps, code) ? helps[code as JobErrorCode] : null;
}
