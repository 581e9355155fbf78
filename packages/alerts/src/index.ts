/** Alerts to a webhook, for installations without a monitoring stack: the rules, what is known of them, and the reports. */
export { AlertStore } from './alert-store.ts';
export type { Finding } from './evaluate.ts';
export { checkSecret } from './send-report.ts';
export { AlertWatch, type ReadRule } from './watch-alerts.ts';
