/** Alerts to a webhook, for installations without a monitoring stack: the rules, what is known of them, and the reports. */
export { AlertStore } from './alert-store.ts';
export type { Finding } from './evaluate.ts';
export * from './findings.ts';
export { AlertWatch, type ReadRule } from './watch-alerts.ts';
export { type WebhookTarget, webhookTarget } from './webhook-target.ts';
