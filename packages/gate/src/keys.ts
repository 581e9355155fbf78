/**
 * Names of this package's Redis keys. Nothing that a client sends becomes part of a name: keys are addressed by digest,
 * tenant ids are checked before they get here.
 *
 *   name                          type    holds                                             time to live
 *   <prefix>:tenants              hash    tenant id → its settings as JSON                  none
 *   <prefix>:tenant:<id>:keys     hash    key id → what is known of it, with its digest     none
 *   <prefix>:api-key:<digest>     string  who presents this key (JSON), or `revoked`        none
 */
export interface GateKeys {
  readonly tenants: string;
  tenantKeys(tenant: string): string;
  apiKey(digest: string): string;
}

export function gateKeys(prefix: string): GateKeys {
  return {
    tenants: `${prefix}:tenants`,
    tenantKeys: (tenant) => `${prefix}:tenant:${tenant}:keys`,
    apiKey: (digest) => `${prefix}:api-key:${digest}`,
  };
}
