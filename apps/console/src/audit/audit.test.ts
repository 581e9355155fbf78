/** Acts through the admin API, and what the audit log has of them. */
import { createApiKeys } from '@holdfast/gate';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startConsole, type TestConsole } from '../../testing/console.ts';

let running: TestConsole;
beforeAll(async () => {
  running = await startConsole();
});
afterAll(() => running.cleanUp());

const admin = () => running.as({ key: running.adminKey });
const entries = async (query: object) => (await admin().call('audit', { query })).data;

describe('an act', () => {
  it('is in the audit log with who, what, from where and how it ended, without any key', async () => {
    await admin().call('setTenant', { params: { tenant: 'acme' }, body: { plan: 'free' } });
    const made = await admin().call('createKey', { params: { tenant: 'acme' }, body: { scopes: ['read'] } });
    const rotated = await admin().call('rotateKey', { params: { tenant: 'acme', keyId: made.id }, body: {} });
    await admin().call('revokeKey', { params: { tenant: 'acme', keyId: rotated.id } });
    await admin().call('changeLane', { params: { lane: 'fast' }, body: { paused: true } });
    const user = await admin().call('createUser', { body: { name: 'ann', role: 'viewer' } });
    await admin().call('changeUser', { params: { name: 'ann' }, body: { role: 'operator' } });
    const ann = running.as(await running.logIn(user.key));
    await ann.call('logout', {});
    await admin().call('deleteUser', { params: { name: 'ann' } });

    const all = await entries({});
    const from = { address: '127.0.0.1', outcome: 'done' };
    const ours = { user: 'admin', role: 'admin', ...from };
    const byAnn = { user: 'ann', role: 'operator', tenant: null, target: null, details: {}, ...from };
    expect(all).toMatchObject([
      { ...ours, action: 'user.delete', target: 'ann' },
      { ...byAnn, action: 'logout' },
      { ...byAnn, action: 'login' },
      { ...ours, action: 'user.change', target: 'ann', details: { role: 'operator' } },
      { ...ours, action: 'user.create', target: 'ann', details: { role: 'viewer' } },
      { ...ours, action: 'lane.change', target: 'fast', details: { paused: true } },
      { ...ours, action: 'key.revoke', target: rotated.id, tenant: 'acme' },
      { ...ours, action: 'key.rotate', target: made.id, details: { grace_s: 0, new_key: rotated.id } },
      { ...ours, action: 'key.create', target: made.id, details: { scopes: ['read'], tasks: null } },
      { ...ours, action: 'tenant.set', target: 'acme', tenant: 'acme', details: { plan: 'free' } },
    ]);
    const text = JSON.stringify(all);
    for (const key of [made.key, rotated.key, user.key, running.adminKey]) expect(text).not.toContain(key.slice(-20));
  });

  it('of a tenant’s own key is there too', async () => {
    const own = await createApiKeys(running).create('acme', { scopes: ['admin'] });
    await running.as({ key: own.key }).call('createKey', { params: { tenant: 'acme' }, body: { scopes: ['read'] } });
    const [entry] = await entries({ user: `acme/${own.id}` });
    expect(entry).toMatchObject({ role: null, action: 'key.create', tenant: 'acme', outcome: 'done' });
  });

  it('that is refused has the code of the refusal', async () => {
    const refused = admin().call('setTenant', { params: { tenant: 'acme' }, body: { plan: 'gold' } });
    await expect(refused).rejects.toMatchObject({ code: 'validation_failed' });
    expect((await entries({}))[0]).toMatchObject({ action: 'tenant.set', outcome: 'validation_failed' });
  });

  it('that can not be written down is refused, and nothing is done', async () => {
    const { redis, prefix } = running;
    const name = `${prefix}:audit`;
    await redis.rename(name, `${name}:away`);
    await redis.set(name, 'not a list');
    try {
      const acts = [
        admin().call('setTenant', { params: { tenant: 'unwritten' }, body: {} }),
        admin().call('createUser', { body: { name: 'unwritten', role: 'admin' } }),
        admin().call('changeLane', { params: { lane: 'fast' }, body: { paused: false } }),
      ];
      const outcomes = await Promise.allSettled(acts);
      const refused = { status: 'rejected', reason: expect.objectContaining({ code: 'store_unavailable' }) };
      expect(outcomes).toEqual([refused, refused, refused]);
    } finally {
      await redis.rename(`${name}:away`, name);
    }
    await expect(admin().call('tenant', { params: { tenant: 'unwritten' } })).rejects.toMatchObject({
      code: 'tenant_not_found',
    });
    expect((await admin().call('users', {})).data).toEqual([]);
    expect(await running.bull.queue('fast').isPaused()).toBe(true);
  });

  it('has no entry where it only reads', async () => {
    const before = await entries({});
    for (const name of ['tenants', 'lanes', 'plans', 'users', 'session'] as const) await admin().call(name, {});
    expect(await entries({})).toEqual(before);
  });
});
