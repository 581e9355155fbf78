/**
 * Names of this package's Redis keys. Client text never becomes part of a name: API keys are addressed by their digest, and
 * tenant ids are validated before.
 *
 *   name                          type    holds                                             time to live
 *   <prefix>:tenants              hash    tenant id → its settings as JSON                  none
 *   <prefix>:plans                hash    plan → its limits, as last configured           none
 *   <prefix>:tenant:<id>:keys     hash    key id → its list entry, with its digest        none
 *   <prefix>:api-key:<digest>     string  who presents this key (JSON), or `revoked`        none; a rotated key: its grace
 *
 * These keys are global: no script of a cell touches them. A tenant's spend is in its cell (`packages/cell`).
 */
export interface GateKeys {
  readonly tenants: string;
  readonly plans: string;
  tenantKeys(tenant: string): string;
  apiKey(digest: string): string;
}

export function gateKeys(prefix: string): GateKeys {
  return {
    tenants: `${prefix}:tenants`,
    plans: `${prefix}:plans`,
    tenantKeys: (tenant) => `${prefix}:tenant:${tenant}:keys`,
    apiKey: (digest) => `${prefix}:api-key:${digest}`,
  };
}
