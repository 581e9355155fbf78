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
 * What one script touches together has the tenant for a hash tag:
 *
 *   <prefix>:{tenant:<id>}:minute        hash  slot of 100 ms → submissions let in; `total`, `first`   61 s
 *   <prefix>:{tenant:<id>}:ledger        hash  `reserved`, and per day and month what was spent        none; 400 days of fields
 *   <prefix>:{tenant:<id>}:reservations  hash  job id → nonce, amount, … (`scripts/reservation.ts`)    none; settled with the job
 *   <prefix>:{tenant:<id>}:reserved      zset  job id → when to look whether its job has ended (ms)    the same
 */
export interface GateKeys {
  readonly tenants: string;
  readonly plans: string;
  tenantKeys(tenant: string): string;
  apiKey(digest: string): string;
  minute(tenant: string): string;
  ledger(tenant: string): string;
  reservations(tenant: string): string;
  reserved(tenant: string): string;
}

export function gateKeys(prefix: string): GateKeys {
  return {
    tenants: `${prefix}:tenants`,
    plans: `${prefix}:plans`,
    tenantKeys: (tenant) => `${prefix}:tenant:${tenant}:keys`,
    apiKey: (digest) => `${prefix}:api-key:${digest}`,
    minute: (tenant) => `${prefix}:{tenant:${tenant}}:minute`,
    ledger: (tenant) => `${prefix}:{tenant:${tenant}}:ledger`,
    reservations: (tenant) => `${prefix}:{tenant:${tenant}}:reservations`,
    reserved: (tenant) => `${prefix}:{tenant:${tenant}}:reserved`,
  };
}
