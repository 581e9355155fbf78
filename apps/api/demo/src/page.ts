/** The page's elements, and how a job is drawn on them. It makes no requests. */
import type { Job } from '/demo/client/index.js';
import { isSimulated, moods } from './job-request.ts';
import type { Progress } from './progress.ts';

function find<Kind extends HTMLElement>(testId: string, kind: new () => Kind): Kind {
  const found = document.querySelector(`[data-testid="${testId}"]`);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} called ${testId}`);
  return found;
}

export const page = {
  keyForm: find('key-form', HTMLFormElement),
  key: find('key', HTMLInputElement),
  composer: find('composer', HTMLFormElement),
  promptLabel: find('prompt-label', HTMLLabelElement),
  prompt: find('prompt', HTMLTextAreaElement),
  choices: find('choices', HTMLElement),
  model: find('model', HTMLInputElement),
  mood: find('provider', HTMLSelectElement),
  submit: find('submit', HTMLButtonElement),
  job: find('job', HTMLElement),
  status: find('status', HTMLElement),
  secondTab: find('second-tab', HTMLAnchorElement),
  stop: find('stop', HTMLButtonElement),
  retry: find('retry', HTMLButtonElement),
  output: find('output', HTMLElement),
  notice: find('notice', HTMLElement),
  attempt: find('attempt', HTMLElement),
  events: find('events', HTMLElement),
  reattached: find('reattached', HTMLElement),
  providerCalls: find('provider-calls', HTMLElement),
  tokens: find('tokens', HTMLElement),
  history: find('history', HTMLElement),
  tip: find('tip', HTMLElement),
  error: find('error', HTMLElement),
  errorText: find('error-text', HTMLElement),
  errorAction: find('error-action', HTMLButtonElement),
  newPrompt: find('new', HTMLButtonElement),
  removeKey: find('remove-key', HTMLButtonElement),
};

const tips = {
  key: '',
  prompt: 'Send a prompt, then try to lose it: press F5, close the tab, open its address elsewhere.',
  job: '',
  running: 'Press F5 now: the answer continues where it was.',
  ended: 'Press F5: the answer is still at this address, and no provider is called for it.',
};

/** Fills in what index.html leaves to this script. */
export function preparePage(): void {
  page.mood.replaceChildren(...moods.map(({ name, label }) => new Option(label, name)));
  page.model.addEventListener('input', () => {
    page.mood.disabled = !isSimulated(page.model.value.trim());
  });
}

/** Shows one of three: the form for an API key, an empty prompt, or a job (whose prompt can't be changed). */
export function showOnly(what: 'key' | 'prompt' | 'job'): void {
  page.keyForm.hidden = what !== 'key';
  page.removeKey.hidden = what === 'key';
  page.composer.hidden = what === 'key';
  page.choices.hidden = what === 'job';
  page.prompt.readOnly = what === 'job';
  if (what === 'job') page.prompt.blur();
  page.promptLabel.textContent = what === 'job' ? 'Prompt' : 'Ask something';
  page.newPrompt.hidden = what !== 'job';
  page.job.hidden = what !== 'job';
  page.secondTab.hidden = what !== 'job';
  page.tip.textContent = tips[what];
  page.submit.disabled = false;
  clearJob();
}

/** Shows that the page waits for the server. A prompt on the page stays. */
export function showWaiting(): void {
  page.keyForm.hidden = true;
  page.newPrompt.hidden = false;
  page.job.hidden = true;
  page.secondTab.hidden = true;
  clearJob();
  page.submit.disabled = true;
  page.tip.textContent = 'Asking the server…';
}

/** Removes the last job, so that none of it looks like part of the next one. */
function clearJob(): void {
  for (const element of [page.status, page.output, page.notice, page.history]) element.replaceChildren();
}

/** @param onAction what “Try again” does; without it the button is hidden */
export function showError(text: string | null, onAction?: () => void): void {
  page.error.hidden = text === null;
  if (text !== null && page.job.hidden) page.tip.textContent = '';
  page.errorText.textContent = text;
  page.errorAction.hidden = onAction === undefined;
  page.errorAction.onclick = onAction ?? null;
}

export interface Drawing {
  progress: Progress;
  reattached: number;
  /** The connection is broken and is being made again. */
  isReconnecting: boolean;
  isStopping: boolean;
  /** The job as it ended; null while it runs. */
  ended: Job | null;
}

export function draw({ progress, reattached, isReconnecting, isStopping, ended }: Drawing): void {
  const isLive = progress.status === 'queued' || progress.status === 'running';
  page.status.dataset.status = progress.status;
  setText(page.status, progress.status);
  drawText(progress.text, isLive);
  drawNotice(isReconnecting, isStopping, progress);
  setText(page.attempt, String(progress.attempt || '–'));
  setText(page.events, String(progress.events || '–'));
  setText(page.reattached, reattached === 0 ? 'never' : `${reattached}×`);
  setText(page.providerCalls, ended === null ? '–' : String(ended.provider_calls));
  setText(page.tokens, ended?.usage ? `${ended.usage.input_tokens ?? '?'} / ${ended.usage.output_tokens ?? '?'}` : '–');
  setText(page.tip, isLive ? tips.running : tips.ended);
  page.stop.hidden = !isLive;
  page.stop.disabled = isStopping;
  page.retry.hidden = progress.status !== 'failed' && progress.status !== 'cancelled';
  drawHistory(progress.history);
}

function drawText(text: string, isLive: boolean): void {
  const { output } = page;
  const isAtBottom = output.scrollHeight - output.scrollTop - output.clientHeight < 40;
  setText(output, text);
  output.ariaBusy = String(isLive);
  // A reader who has scrolled up is not moved.
  if (isAtBottom) output.scrollTop = output.scrollHeight;
}

function drawNotice(isReconnecting: boolean, isStopping: boolean, { status, notice }: Progress): void {
  const reconnecting = 'The connection to Holdfast broke; re-attaching. The job continues meanwhile.';
  const text = isReconnecting ? reconnecting : isStopping ? 'Stopping…' : notice;
  page.notice.hidden = text === null;
  page.notice.dataset.tone = isReconnecting || isStopping ? 'info' : status === 'failed' ? 'bad' : 'warn';
  setText(page.notice, text ?? '');
}

function drawHistory(history: Progress['history']): void {
  const drawn = page.history.children.length;
  if (drawn > history.length) page.history.replaceChildren();
  for (const { text, tone } of history.slice(page.history.children.length)) {
    const item = document.createElement('li');
    item.textContent = text;
    item.dataset.tone = tone;
    page.history.append(item);
  }
}

/** Changes a text only if it differs, so that a selection stays and screen readers are quiet. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
