/**
 * Names of this package's Redis keys. Nothing that a client sends becomes part of a name: keys are addressed by digest,
 * tenant ids are checked before they get here.
 *
 *   name                          type    holds                                             time to live
 *   <prefix>:tenants              hash    tenant id → its settings as JSON                  none
 *   <prefix>:plans                hash    plan → its limits as the config file last said       none
 *   <prefix>:tenant:<id>:keys     hash    key id → what is known of it, with its digest     none
 *   <prefix>:api-key:<digest>     string  who presents this key (JSON), or `revoked`        none; a rotated key: its grace
 *
 * These are global: no cell's script touches them. What a tenant spends is in its cell (`packages/cell`).
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
