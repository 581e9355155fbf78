/** API keys, tenants, their limits and what they spend: what is checked before a provider is called. */
export * from './admission/admission.ts';
export * from './admission/estimate-call.ts';
export * from './admission/estimate-tokens.ts';
export { explainOverBudget, formatUsd } from './admission/over-budget.ts';
export { type ApiKeys, createApiKeys } from './api-keys/api-keys.ts';
export type { ApiKey } from './api-keys/listed-keys.ts';
export { createKnownPlans, type KnownPlans, type PlanStatus } from './tenants/known-plans.ts';
export { createTenantLimits, type LimitsOfAdmitted, type TenantLimits } from './tenants/tenant-limits.ts';
export { createTenants, type ShownTenant, type Tenant, type Tenants } from './tenants/tenants.ts';
export { Ledger, type TenantTotals } from './usage/ledger.ts';
export { reportUsage } from './usage/usage-report.ts';
