/** Who may call what: every operation of the table, by everybody who may ask. */
import { mayActAs, type Operation, type OperationName, operations, type Role, roles } from '@holdfast/admin';
import { createApiKeys } from '@holdfast/gate';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Credentials, headersOf, startConsole, type TestConsole } from '../../testing/console.ts';

const all = Object.entries(operations) as [OperationName, Operation][];
const changing = all.filter(([, { method, role }]) => method !== 'GET' && role !== null);

let running: TestConsole;
const keys = {} as Record<Role, string>;
let tenantKey: string;
let submitKey: string;
beforeAll(async () => {
  running = await startConsole();
  const admin = running.as({ key: running.adminKey });
  for (const role of roles) {
    keys[role] = (await admin.call('createUser', { body: { name: `the-${role}`, role } })).key;
  }
  await admin.call('setTenant', { params: { tenant: 'own' }, body: {} });
  await admin.call('setTenant', { params: { tenant: 'other' }, body: {} });
  const apiKeys = createApiKeys(running);
  tenantKey = (await apiKeys.create('own', { scopes: ['admin'] })).key;
  submitKey = (await apiKeys.create('own', { scopes: ['submit', 'read'] })).key;
});
afterAll(() => running.cleanUp());

/** Status and code of an operation that is called with an empty body, for the tenant `own` and things that are not there. */
async function call({ method, path }: Operation, headers: Record<string, string>, tenant = 'own'): Promise<string> {
  const address = path.replace('{tenant}', tenant).replace(/\{\w+\}/g, 'nothing');
  const hasBody = method !== 'GET' && method !== 'DELETE';
  const answer = await running.request(`/admin/v1${address}`, {
    method,
    headers: { ...headers, ...(hasBody ? { 'content-type': 'application/json' } : {}) },
    ...(hasBody ? { body: '{}' } : {}),
  });
  if (answer.ok) {
    await answer.body?.cancel();
    return 'allowed';
  }
  const { code, param } = (await answer.json()) as { code: string; param: string | null };
  // Whoever gets so far that the request itself is looked at was let in. A wrong login names its field.
  const isRefused = (answer.status === 401 || answer.status === 403) && param !== 'key';
  return isRefused ? `${answer.status} ${code}` : 'allowed';
}

const logIn = (role: Role) => running.logIn(keys[role]);
const allowedFor = (role: Role, needed: Role | null) => needed === null || mayActAs(role, needed);

describe.each(all)('%s', (_name, operation) => {
  it('is closed to strangers, unless anybody may call it', async () => {
    const expected = operation.role === null ? 'allowed' : '401 unauthenticated';
    expect(await call(operation, {})).toBe(expected);
    expect(await call(operation, { authorization: 'Bearer ' })).toBe(expected);
    expect(await call(operation, { cookie: `holdfast_console=${'a'.repeat(43)}` })).toBe(expected);
  });

  it('is open to a tenant’s own admin key for the keys of its tenant only', async () => {
    const authorization = `Bearer ${tenantKey}`;
    const isOpen = operation.role === null || operation.tenantKey === true;
    expect(await call(operation, { authorization })).toBe(isOpen ? 'allowed' : '403 forbidden');
    if (operation.role !== null) {
      for (const tenant of ['other', 'nobody']) {
        expect(await call(operation, { authorization }, tenant)).toBe('403 forbidden');
      }
    }
    const plain = operation.role === null ? 'allowed' : '403 forbidden';
    expect(await call(operation, { authorization: `Bearer ${submitKey}` })).toBe(plain);
  });

  it.each(roles)('is open to the role %s as the table says, with a key and with a session', async (role) => {
    const expected = allowedFor(role, operation.role) ? 'allowed' : '403 forbidden';
    expect(await call(operation, { authorization: `Bearer ${keys[role]}` })).toBe(expected);
    expect(await call(operation, headersOf(running.url, await logIn(role)))).toBe(expected);
  });

  it('is closed to a session that has ended', async () => {
    const session = await logIn('admin');
    const names = await running.redis.keys(`${running.prefix}:console:session:*`);
    await running.redis.del(...names);
    expect(await call(operation, headersOf(running.url, session))).toBe(
      operation.role === null ? 'allowed' : '401 unauthenticated',
    );
  });
});

describe.each(changing)('%s with a session', (_name, operation) => {
  let session: Extract<Credentials, { cookie: string }>;
  beforeAll(async () => {
    session = await logIn('admin');
  });

  it.each([
    ['another origin', { origin: 'http://evil.example' }],
    ['another port of this host', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['a wrong CSRF token', { 'x-csrf-token': 'a'.repeat(64) }],
    ['no CSRF token', { 'x-csrf-token': '' }],
  ])('is refused with %s', async (_what, change) => {
    expect(await call(operation, { ...headersOf(running.url, session), ...change })).toBe('403 forbidden');
  });

  it('is refused without an origin, and with the token of another session', async () => {
    const { origin: _, ...without } = headersOf(running.url, session);
    expect(await call(operation, without)).toBe('403 forbidden');
    const other = await logIn('admin');
    const mixed = { ...headersOf(running.url, session), 'x-csrf-token': other.csrf };
    expect(await call(operation, mixed)).toBe('403 forbidden');
  });
});

describe('what is no operation', () => {
  it('is shown to nobody who may not look', async () => {
    const path: Operation = { method: 'GET', path: '/nothing', role: 'viewer', summary: '', response: null };
    expect(await call(path, {})).toBe('401 unauthenticated');
    expect(await call(path, { authorization: `Bearer ${tenantKey}` })).toBe('403 forbidden');
    expect(await call(path, { authorization: `Bearer ${keys.viewer}` })).toBe('allowed');
  });
});
