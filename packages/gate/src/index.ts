/** What is asked before a provider is called. The only place that knows API keys, tenants and what they spend. */
export * from './admission.ts';
export { type ApiKeys, createApiKeys } from './api-keys.ts';
export * from './estimate-call.ts';
export * from './estimate-tokens.ts';
export * from './key-requests.ts';
export { createKnownPlans, type KnownPlans, type PlanStatus } from './known-plans.ts';
export { Ledger } from './ledger.ts';
export type { ApiKey } from './listed-keys.ts';
export { explainOverBudget, sayUsd } from './over-budget.ts';
export { createTenantLimits, type LimitsOfAdmitted, type TenantLimits } from './tenant-limits.ts';
export { createTenants, type ShownTenant, type Tenant, type Tenants } from './tenants.ts';
export { reportUsage } from './usage-report.ts';
