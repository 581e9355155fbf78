/**
 * The client for Node and browsers: submits jobs, gets them, waits for them and attaches to them.
 *
 * Every call takes an AbortSignal; once aborted, it throws the signal's reason. Every call except `retry` is repeated
 * automatically after network errors, 408, 429, 5xx and a 402 with Retry-After, because repeating it has no second
 * effect. Errors: see `errors.ts`.
 */
import type {
  Job,
  JobEvent,
  JobList,
  JobStatus,
  JobSummary,
  JsonValue,
  TaskInfo,
  TaskList,
  UsageReport,
} from '@holdfast/core';
import { type AttachOptions, attachTo } from './attach.ts';
import { defaultRetryOptions, type RetryOptions } from './back-off.ts';
import { HoldfastApiError, type HoldfastError } from './errors.ts';
import { Http } from './http.ts';
import { idempotencyHeader, newIdempotencyKey } from './idempotency-key.ts';
import { type TextSnapshot, textOf } from './text.ts';
import type { JobId, JobOf, SubmitRequestOf, TaskName, TaskOutput } from './typed-tasks.ts';
import { type WaitOptions, waitForEnd } from './wait-for-end.ts';

export interface HoldfastOptions {
  /**
   * Where the API is: `http://127.0.0.1:3000`. A `/v1` at its end is ignored, and for this machine `http://` may be left
   * out (`localhost:3000`). In a browser it may be relative to the page.
   */
  baseUrl: string;
  /** `hold_…` */
  apiKey: string;
  /** Default: the global one. */
  fetch?: typeof fetch;
  retry?: Partial<RetryOptions>;
  /** How long one attempt of a request may take, in ms. Default 30,000. */
  requestTimeoutMs?: number;
  /** Silence after which an attached stream counts as broken, in ms. Default 45,000: three missed heartbeats. */
  silenceMs?: number;
  /** Sent as `User-Agent`. Browsers ignore it. */
  userAgent?: string;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

export interface SubmitOptions extends CallOptions {
  /** Names the job: submitting the same key and body again returns the same job. Default: a new random key. */
  idempotencyKey?: string | undefined;
}

/** @typeParam Output of the task, where the client knows it */
export interface Submission<Output = JsonValue> {
  job: JobOf<Output>;
  /** The key that names the job: `find` returns the job for it. */
  idempotencyKey: string;
  /** The job existed already: from an earlier submit, or from an earlier attempt of this one whose answer was lost. */
  replayed: boolean;
}

export interface ListFilter {
  status?: JobStatus | undefined;
  task?: string | undefined;
  /** Jobs whose metadata has all of these pairs. */
  metadata?: Record<string, string> | undefined;
  /** Jobs in one page. */
  limit?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
}

/** Days, YYYY-MM-DD (UTC), both included. Default: today. */
export interface UsageRange {
  from?: string | undefined;
  to?: string | undefined;
}

/** @typeParam Tasks of the server: `Holdfast<typeof tasks>` knows their inputs and outputs. Default: any task, any input */
export class Holdfast<Tasks = unknown> {
  readonly #http: Http;
  readonly #retry: RetryOptions;
  readonly #silenceMs: number;

  /** @throws TypeError saying what is wrong with `baseUrl`, and what to write */
  constructor(options: HoldfastOptions) {
    this.#retry = { ...defaultRetryOptions, ...options.retry };
    this.#silenceMs = options.silenceMs ?? 45_000;
    this.#http = new Http({
      baseUrl: options.baseUrl,
      apiKey: options.apiKey,
      // Browsers refuse a fetch that is called as a method of something else.
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      retry: this.#retry,
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
      userAgent: options.userAgent ?? null,
    });
  }

  /**
   * Submits a job. All attempts carry the same key, so there is one job however often an answer is lost. After a
   * HoldfastConnectionError the job may exist: submit again with the same `idempotencyKey`.
   * @throws HoldfastApiError: `validation_failed`, `idempotency_key_reused` (another body under this key), …
   */
  async submit<Name extends TaskName<Tasks>>(
    request: SubmitRequestOf<Tasks, Name>,
    options: SubmitOptions = {},
  ): Promise<Submission<TaskOutput<Tasks, Name>>> {
    const idempotencyKey = options.idempotencyKey ?? newIdempotencyKey();
    const headers = { 'idempotency-key': idempotencyHeader(idempotencyKey) };
    const { signal } = options;
    const answer = await this.#http.send({ method: 'POST', path: '/v1/jobs', headers, body: request, signal });
    const replayed = answer.headers.get('idempotent-replayed') === 'true';
    return { job: answer.body as JobOf<TaskOutput<Tasks, Name>>, idempotencyKey, replayed };
  }

  /** @throws HoldfastApiError `job_not_found` */
  async get<Output = JsonValue>(id: JobId<Output>, { signal }: CallOptions = {}): Promise<JobOf<Output>> {
    const { body } = await this.#http.send({ method: 'GET', path: pathOf(id), signal });
    return body as JobOf<Output>;
  }

  /** The job that this idempotency key names, or null when there is none, or it was deleted. */
  async find(idempotencyKey: string, { signal }: CallOptions = {}): Promise<Job | null> {
    const path = `/v1/jobs?${new URLSearchParams({ idempotency_key: idempotencyKey })}`;
    const { body } = await this.#http.send({ method: 'GET', path, signal });
    const [found] = (body as JobList).data;
    // Jobs in a list come without their answers.
    return found ? this.get(found.id, { signal }).catch(nullIfNotFound) : null;
  }

  /**
   * Resolves with the job once it has ended: completed, failed or cancelled.
   * @throws HoldfastWaitTimeoutError after `timeoutMs`; the job continues
   */
  wait<Output = JsonValue>(id: JobId<Output>, options: WaitOptions = {}): Promise<JobOf<Output>> {
    const path = pathOf(id);
    const poll = async (seconds: number, signal: AbortSignal | undefined) => {
      const extraTimeMs = seconds * 1000;
      const { body } = await this.#http.send({ method: 'GET', path: `${path}?wait=${seconds}`, signal, extraTimeMs });
      return body as Job;
    };
    return waitForEnd(id, poll, options, this.#retry.baseDelayMs) as Promise<JobOf<Output>>;
  }

  /** Asks for the job to be stopped and resolves with the job as it is then. Has no effect on a job that has ended. */
  async cancel<Output = JsonValue>(id: JobId<Output>, { signal }: CallOptions = {}): Promise<JobOf<Output>> {
    const { body } = await this.#http.send({ method: 'POST', path: `${pathOf(id)}/cancel`, signal });
    return body as JobOf<Output>;
  }

  /**
   * Runs a failed or cancelled job again, under the same id. Repeated automatically only where the server certainly did
   * nothing (429, 402), because a second run costs money. After a HoldfastConnectionError, get the job before trying again.
   * @throws HoldfastApiError `job_not_retryable`
   */
  async retry<Output = JsonValue>(id: JobId<Output>, { signal }: CallOptions = {}): Promise<JobOf<Output>> {
    const mayRepeat = (error: HoldfastError) =>
      error instanceof HoldfastApiError && error.retryable && [402, 429].includes(error.status);
    const { body } = await this.#http.send({ method: 'POST', path: `${pathOf(id)}/retry`, signal, mayRepeat });
    return body as JobOf<Output>;
  }

  /**
   * Deletes an ended job with its prompt and answer.
   * @throws HoldfastApiError `job_not_found`, `job_not_ended`
   */
  async delete(id: string, { signal }: CallOptions = {}): Promise<void> {
    let mayBeDeleted = false;
    const mayRepeat = (error: HoldfastError) => {
      mayBeDeleted ||= error.retryable;
      return error.retryable;
    };
    try {
      await this.#http.send({ method: 'DELETE', path: pathOf(id), signal, mayRepeat });
    } catch (error) {
      // The answer to an earlier attempt was lost, and that attempt deleted the job.
      if (!(mayBeDeleted && error instanceof HoldfastApiError && error.status === 404)) throw error;
    }
  }

  /** One page of the tenant's jobs, newest first. */
  async list(filter: ListFilter = {}, { signal }: CallOptions = {}): Promise<JobList> {
    const { body } = await this.#http.send({ method: 'GET', path: `/v1/jobs${queryOf(filter)}`, signal });
    return body as JobList;
  }

  /** All of the tenant's jobs, newest first, without their answers, fetched page by page (of `limit`) as they are asked for. */
  async *listAll(filter: ListFilter = {}, options: CallOptions = {}): AsyncGenerator<JobSummary, void, undefined> {
    let cursor = filter.cursor;
    do {
      const page = await this.list({ ...filter, cursor }, options);
      yield* page.data;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** The tasks that this API key may submit, with the JSON Schemas of their input and output. */
  async tasks({ signal }: CallOptions = {}): Promise<TaskInfo[]> {
    const { body } = await this.#http.send({ method: 'GET', path: '/v1/tasks', signal });
    return (body as TaskList).data;
  }

  /** What the tenant has spent and may still spend, and its usage on each day of `range`. */
  async usage(range: UsageRange = {}, { signal }: CallOptions = {}): Promise<UsageReport> {
    const { body } = await this.#http.send({ method: 'GET', path: `/v1/usage${queryOf(range)}`, signal });
    return body as UsageReport;
  }

  /**
   * The job's events after `after`, live until the job ends. Broken connections are made again automatically: no event is
   * missed, none comes twice. It continues until the signal is aborted; leaving the loop closes the connection and does
   * not affect the job.
   * @throws HoldfastApiError for 4xx other than 408 and 429; RangeError for a wrong `after`
   */
  attach(id: string, options: AttachOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    return attachTo({ http: this.#http, retry: this.#retry, silenceMs: this.#silenceMs }, pathOf(id), options);
  }

  /** The job's text as it grows, from the beginning: a snapshot after each event. Otherwise like `attach`. */
  stream(id: string, options: Omit<AttachOptions, 'after'> = {}): AsyncGenerator<TextSnapshot, void, undefined> {
    return textOf(this.attach(id, { ...options, after: 0 }));
  }
}

function pathOf(id: string): string {
  // As a path these would mean the list, or something above it.
  if (/^\.{0,2}$/.test(id)) throw new TypeError(`"${id}" is not a job id`);
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

function nullIfNotFound(error: unknown): null {
  if (error instanceof HoldfastApiError && error.status === 404) return null;
  throw error;
}

function queryOf({ metadata = {}, ...filter }: ListFilter & UsageRange): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, String(value));
  for (const [name, value] of Object.entries(metadata)) query.set(`metadata.${name}`, value);
  return query.size === 0 ? '' : `?${query}`;
}
