/** The console's admin API, /admin/v1, as the commands call it. Only what is safe to send twice is repeated. */
import type { Http } from '@holdfast/client/http';
import type { KeyRequest, LaneLimits, TenantSettings } from '@holdfast/core';
import type { ApiKey, ShownTenant } from '@holdfast/gate';
import { ADMIN_PATH } from './config.ts';
import { CliError } from './output/failures.ts';

/** A lane, as the console's API shows it. */
export interface Lane {
  name: string;
  models: string[];
  paused: boolean;
  limits: LaneLimits;
  limits_from: string;
  counts: Record<string, number>;
}

export interface LaneChange {
  paused?: boolean;
  /** Replaces all of its limits; null: the limits of the config file apply again. */
  limits?: LaneLimits | null;
}

/** A new key. `key` is shown only once. */
export interface MadeKey {
  id: string;
  key: string;
}

export class AdminApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  tenants(): Promise<ShownTenant[]> {
    return this.#list('/tenants');
  }

  async tenant(id: string): Promise<ShownTenant> {
    return (await this.#send('GET', `/tenants/${segment(id)}`)) as ShownTenant;
  }

  /** Creates the tenant, or replaces all of its settings. */
  async setTenant(id: string, settings: TenantSettings): Promise<ShownTenant> {
    return (await this.#send('PUT', `/tenants/${segment(id)}`, settings)) as ShownTenant;
  }

  keys(tenant: string): Promise<ApiKey[]> {
    return this.#list(`/tenants/${segment(tenant)}/keys`);
  }

  async createKey(tenant: string, request: KeyRequest): Promise<MadeKey> {
    return (await this.#send('POST', `/tenants/${segment(tenant)}/keys`, request)) as MadeKey;
  }

  async rotateKey(tenant: string, keyId: string, graceS: number | undefined): Promise<MadeKey> {
    const path = `/tenants/${segment(tenant)}/keys/${segment(keyId)}/rotate`;
    return (await this.#send('POST', path, { grace_s: graceS })) as MadeKey;
  }

  async revokeKey(tenant: string, keyId: string): Promise<void> {
    await this.#send('DELETE', `/tenants/${segment(tenant)}/keys/${segment(keyId)}`);
  }

  lanes(): Promise<Lane[]> {
    return this.#list('/lanes');
  }

  async changeLane(name: string, change: LaneChange): Promise<Lane> {
    return (await this.#send('PATCH', `/lanes/${segment(name)}`, change)) as Lane;
  }

  async #list<Item>(path: string): Promise<Item[]> {
    return ((await this.#send('GET', path)) as { data: Item[] }).data;
  }

  async #send(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    // Sent again, a create would make a second key that nobody knows of, and a revoke would be answered as unknown.
    const once = method === 'POST' || method === 'DELETE';
    const mayRepeat = ({ retryable }: { retryable: boolean }) => retryable && !once;
    return (await this.#http.send({ method, path: ADMIN_PATH + path, body, mayRepeat })).body;
  }
}

function segment(text: string): string {
  // As a part of a path these would name another path.
  if (/^\.{0,2}$/.test(text)) throw new CliError(`"${text}" is no id.`);
  return encodeURIComponent(text);
}
