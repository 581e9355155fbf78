/** What is asked before a provider is called. The only place that knows API keys, tenants and what they spend. */
export * from './admission/admission.ts';
export * from './admission/estimate-call.ts';
export * from './admission/estimate-tokens.ts';
export { createKnownPlans, type KnownPlans, type PlanStatus } from './admission/known-plans.ts';
export { explainOverBudget, sayUsd } from './admission/over-budget.ts';
export { createTenantLimits, type LimitsOfAdmitted, type TenantLimits } from './admission/tenant-limits.ts';
export { type ApiKeys, createApiKeys } from './api-keys/api-keys.ts';
export * from './api-keys/key-requests.ts';
export type { ApiKey } from './api-keys/listed-keys.ts';
export { createTenants, type ShownTenant, type Tenant, type Tenants } from './tenants.ts';
export { Ledger } from './usage/ledger.ts';
export { reportUsage } from './usage/usage-report.ts';
