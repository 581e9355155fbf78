/**
 * The demo page. Its state is the address: `/demo/` is an empty prompt, `/demo/?job=<idempotency key>` is that job.
 *
 *   1. put the key of a new job into the address before anything is sent, so that a reload at any moment finds the job
 *   2. submit the job, or find it by its key
 *   3. replay its events from the first on and follow them live; the page is drawn from them alone
 */
import { Holdfast, HoldfastApiError, type Job, newIdempotencyKey } from '/demo/client/index.js';
import * as address from './address.ts';
import { FollowedJob } from './follow-job.ts';
import { requestFor } from './job-request.ts';
import { page, preparePage, showError, showOnly, showWaiting } from './page.ts';
import { wordsFor } from './plain-words.ts';

/** Aborted when the page shows something else. */
let turn = new AbortController();
let followed: { job: Job; view: FollowedJob } | null = null;

/** Shows what the address says. */
function open(): void {
  turn.abort();
  turn = new AbortController();
  followed = null;
  showError(null);
  address.takeKeyFromAddress();
  const apiKey = address.storedKey();
  const jobKey = address.jobInAddress();
  if (apiKey === null) askForKey();
  else if (jobKey === null) askForPrompt();
  else report(showJob(new Holdfast({ baseUrl: location.origin, apiKey }), jobKey, turn.signal), turn.signal);
}

function askForKey(): void {
  showOnly('key');
  page.key.value = '';
  page.key.focus();
}

function askForPrompt(): void {
  showOnly('prompt');
  page.prompt.value = '';
  page.prompt.focus();
}

async function showJob(holdfast: Holdfast, jobKey: string, signal: AbortSignal): Promise<void> {
  showWaiting();
  const job = await submitOrFind(holdfast, jobKey, signal);
  if (job === null) throw new HoldfastApiError(404, 'job_not_found', 'The job does not exist.');
  page.prompt.value = job.metadata.prompt ?? '';
  page.secondTab.href = address.addressOf(jobKey);
  showOnly('job');
  const view = new FollowedJob(holdfast, job, address.countAttach(jobKey));
  followed = { job, view };
  await view.follow(signal);
}

/** A submit without an answer is sent again. It has the same key and body, so it can't make a second job. */
async function submitOrFind(holdfast: Holdfast, jobKey: string, signal: AbortSignal): Promise<Job | null> {
  const request = address.pendingFor(jobKey);
  if (request === null) return holdfast.find(jobKey, { signal });
  const { job } = await holdfast.submit(request, { idempotencyKey: jobKey, signal });
  address.clearPending();
  return job;
}

function submit(): void {
  const prompt = page.prompt.value.trim();
  if (prompt === '') return;
  const jobKey = newIdempotencyKey();
  address.storePending(jobKey, requestFor(jobKey, prompt, page.model.value.trim(), page.mood.value));
  history.pushState(null, '', address.addressOf(jobKey));
  page.submit.disabled = true;
  open();
}

async function runAgain(): Promise<void> {
  if (followed === null) return;
  const holdfast = new Holdfast({ baseUrl: location.origin, apiKey: address.storedKey() ?? '' });
  page.retry.disabled = true;
  try {
    await holdfast.retry(followed.job.id, { signal: turn.signal });
  } finally {
    page.retry.disabled = false;
  }
  open();
}

/** Says in plain words what went wrong, unless the page shows something else now. */
function report(work: Promise<void>, signal: AbortSignal): void {
  work.catch((error: unknown) => {
    if (signal.aborted) return;
    const isRefused = error instanceof HoldfastApiError && !error.retryable;
    if (isRefused && error.status === 401) askForKey();
    else if (isRefused && followed === null) backToPrompt();
    showError(wordsFor(error), isRefused ? undefined : open);
  });
}

/** A refused submit made no job: its text is still in the form, where it can be changed. */
function backToPrompt(): void {
  const wasSubmitted = address.pendingFor(address.jobInAddress() ?? '') !== null;
  showOnly('prompt');
  if (!wasSubmitted) return;
  address.clearPending();
  history.replaceState(null, '', address.addressOf(null));
}

function listen(): void {
  page.keyForm.addEventListener('submit', (event) => {
    event.preventDefault();
    address.storeKey(page.key.value.trim());
    open();
  });
  page.composer.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  page.prompt.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) page.composer.requestSubmit();
  });
  page.stop.addEventListener('click', () => {
    if (followed !== null) report(followed.view.stop(turn.signal), turn.signal);
  });
  page.retry.addEventListener('click', () => report(runAgain(), turn.signal));
  page.newPrompt.addEventListener('click', () => {
    history.pushState(null, '', address.addressOf(null));
    open();
  });
  page.removeKey.addEventListener('click', () => {
    address.storeKey(null);
    open();
  });
  addEventListener('popstate', open);
  addEventListener('hashchange', open);
}

preparePage();
listen();
open();
