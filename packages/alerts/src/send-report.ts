/** Sends reports to the webhook, signed as Standard Webhooks are, so that a receiver can check and deduplicate them with any of its libraries. */
import { Webhook } from 'standardwebhooks';
import type { Report } from './alert-store.ts';
import type { WebhookTarget } from './webhook-target.ts';

const TIMEOUT_MS = 10_000;

/** Resolves once the webhook has answered 2xx. @throws Error with what it answered instead, or why it did not */
/** @param installation names this installation in the report */
export async function sendReport(
  { url, secret }: WebhookTarget,
  installation: string,
  { id, at, change }: Report,
): Promise<void> {
  const { key: _, since, state, ...rest } = change;
  const data = { ...rest, since: new Date(since).toISOString(), installation };
  const body = JSON.stringify({ type: `alert.${state}`, timestamp: new Date(at).toISOString(), data });
  // The receiver compares this time with its clock, so it is the time of this try.
  const sentAt = new Date();
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, sentAt, body),
    },
    body,
    // A redirect could lead anywhere, and a POST would become a GET.
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
}
