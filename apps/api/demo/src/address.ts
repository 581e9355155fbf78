/** What this page stores, and where: the job in the address bar, the API key in this browser, the rest in this tab. */
import type { SubmitRequest } from '/demo/client/index.js';

const API_KEY = 'holdfast.key';
const PENDING = 'holdfast.pending';

/** The idempotency key of the job that the address names. */
export function jobInAddress(): string | null {
  return new URLSearchParams(location.search).get('job') || null;
}

export function addressOf(jobKey: string | null): string {
  return jobKey === null ? location.pathname : `${location.pathname}?${new URLSearchParams({ job: jobKey })}`;
}

/** Moves an API key out of `#key=hold_…`, so that it is neither bookmarked nor shared with the address. */
export function takeKeyFromAddress(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get('key')?.trim();
  if (!key) return;
  localStorage.setItem(API_KEY, key);
  history.replaceState(null, '', location.pathname + location.search);
}

export function storedKey(): string | null {
  return localStorage.getItem(API_KEY);
}

export function storeKey(key: string | null): void {
  if (key === null) localStorage.removeItem(API_KEY);
  else localStorage.setItem(API_KEY, key);
}

/**
 * Stores a submit until it is answered. A page that is reloaded before that sends the same request with the same key, so
 * there is one job whether or not the first request arrived.
 */
export function storePending(jobKey: string, request: SubmitRequest): void {
  sessionStorage.setItem(PENDING, JSON.stringify({ jobKey, request }));
}

export function pendingFor(jobKey: string): SubmitRequest | null {
  const { jobKey: pendingKey, request } = JSON.parse(sessionStorage.getItem(PENDING) ?? '{}');
  return pendingKey === jobKey ? request : null;
}

export function clearPending(): void {
  sessionStorage.removeItem(PENDING);
}

/** Counts how often this tab has attached to the job, and returns the earlier count. */
export function countAttach(jobKey: string): number {
  const name = `holdfast.attached.${jobKey}`;
  const before = Number(sessionStorage.getItem(name) ?? 0);
  sessionStorage.setItem(name, String(before + 1));
  return before;
}
