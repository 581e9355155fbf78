/** What is asked before a provider is called. The only place that knows API keys and tenants. */
export { type ApiKey, type ApiKeys, createApiKeys } from './api-keys.ts';
export * from './key-requests.ts';
export { createTenantLimits, type TenantLimits } from './tenant-limits.ts';
export { createTenants, type Tenant, type Tenants } from './tenants.ts';
