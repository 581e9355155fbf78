/** Where alerts are reported, by the config file and the environment. */
import type { Alerts } from '@holdfast/core';
import { Webhook } from 'standardwebhooks';

export interface WebhookTarget {
  url: string;
  /** `whsec_…` */
  secret: string;
}

/** @throws RangeError where the variable with the secret isn't set, or is no secret */
export function webhookTarget({ webhook }: Alerts, env: Readonly<Record<string, string | undefined>>): WebhookTarget {
  const { url, secret_env: name } = webhook;
  const secret = env[name] ?? '';
  const fix = `alerts.webhook.secret_env: ${name} must be "whsec_" and 24 to 64 random bytes in base64: echo "whsec_$(openssl rand -base64 32)"`;
  if (secret === '') throw new RangeError(`${fix}. It is not set.`);
  const bytes = Buffer.from(secret.replace(/^whsec_/, ''), 'base64').length;
  if (!secret.startsWith('whsec_') || bytes < 24 || bytes > 64)
    throw new RangeError(`${fix}. What it has is something else.`);
  new Webhook(secret);
  return { url, secret };
}
