/** Single sign-on through a real provider of this test's own, over real HTTP, as a browser goes. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startConsole, type TestConsole } from '../../testing/console.ts';
import { startProvider, type TestProvider } from '../../testing/oidc-provider.ts';

const CONSOLE_URL = 'http://console.test:3001';

let provider: TestProvider;
let running: TestConsole;
const settings = () => ({
  CONSOLE_URL,
  OIDC_ISSUER: provider.issuer,
  OIDC_CLIENT_ID: provider.clientId,
  OIDC_CLIENT_SECRET: provider.clientSecret,
  OIDC_ROLES: 'ops=operator,leads=admin,all=viewer',
  OIDC_ROLE_CLAIM: 'groups',
  OIDC_BUTTON: 'Continue with Example',
});
beforeAll(async () => {
  provider = await startProvider();
  running = await startConsole(settings());
});
beforeEach(() => {
  provider.claims = { sub: 'u1', email: 'Ann@Example.com', email_verified: true, groups: ['all', 'ops', 'unknown'] };
  provider.alter = (token) => token;
  provider.signsWrongly = false;
});
afterAll(async () => {
  await running?.cleanUp();
  await provider?.stop();
});

const admin = () => running.as({ key: running.adminKey });

/** The cookies that an answer sets, as the next request sends them. */
const cookiesOf = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .filter((cookie) => !cookie.endsWith('='))
    .join('; ');

/** Goes to the provider. @returns the address that it sends the browser back to, below the console, and the cookie */
async function begin(at = running): Promise<{ back: string; cookie: string }> {
  const begun = await at.get('/login/oidc');
  expect(begun.status).toBe(303);
  const asked = await fetch(begun.headers.get('location') ?? '', { redirect: 'manual' });
  const back = asked.headers.get('location') ?? '';
  expect(back.startsWith(`${CONSOLE_URL}/login/oidc/callback?`)).toBe(true);
  return { back: back.slice(CONSOLE_URL.length), cookie: cookiesOf(begun) };
}

async function logIn(): Promise<Response> {
  const { back, cookie } = await begin();
  return running.get(back, { cookie });
}

async function expectRefused(answer: Response, why: string): Promise<void> {
  expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining(why)]);
  expect(answer.headers.getSetCookie().join()).not.toContain('holdfast_console=');
}

const unconfirmed = 'has not confirmed who you are';

describe('single sign-on', () => {
  it('is offered on the login page', async () => {
    expect(await (await running.get('/admin/v1/login')).json()).toEqual({
      oidc: 'Continue with Example',
      oidc_problem: null,
    });
  });

  it('asks with PKCE, state and nonce, and binds the login to the browser', async () => {
    const begun = await running.get('/login/oidc');
    const asked = new URL(begun.headers.get('location') ?? '').searchParams;
    expect(asked.get('redirect_uri')).toBe(`${CONSOLE_URL}/login/oidc/callback`);
    expect(asked.get('scope')).toBe('openid email profile');
    expect(asked.get('code_challenge_method')).toBe('S256');
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)?.length).toBeGreaterThan(20);
    expect(begun.headers.get('set-cookie')).toMatch(/; Path=\/login\/oidc; HttpOnly; SameSite=Lax; Max-Age=600$/);
  });

  it('starts a session with the highest role that the claim gives, on a page that goes on by itself', async () => {
    const answer = await logIn();
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<meta http-equiv="refresh" content="0; url=/">');
    const session = answer.headers.getSetCookie().find((cookie) => cookie.startsWith('holdfast_console=')) ?? '';
    expect(session).toMatch(/; HttpOnly; SameSite=Strict; /);
    const { user, role } = (await (await running.get('/admin/v1/session', { cookie: cookiesOf(answer) })).json()) as {
      user: string;
      role: string;
    };
    expect([user, role]).toEqual(['ann@example.com', 'operator']);
    expect((await admin().call('users', {})).data).toContainEqual(
      expect.objectContaining({ name: 'ann@example.com', role: 'operator', login: 'oidc' }),
    );
    const { data } = await admin().call('audit', { query: { user: 'ann@example.com' } });
    expect(data[0]).toMatchObject({ action: 'login', role: 'operator', outcome: 'done' });
  });

  it('gives the role of the newest login, in older sessions too, and ends where the user is removed', async () => {
    const cookie = cookiesOf(await logIn());
    provider.claims.groups = 'all';
    await logIn();
    const session = async () => running.get('/admin/v1/session', { cookie });
    expect(((await (await session()).json()) as { role: string }).role).toBe('viewer');
    await admin().call('deleteUser', { params: { name: 'ann@example.com' } });
    expect((await session()).status).toBe(401);
  });

  it('names people by their subject where the e-mail address is not verified', async () => {
    Object.assign(provider.claims, { email: 'boss@example.com', email_verified: false, sub: 'u7' });
    const cookie = cookiesOf(await logIn());
    expect(await (await running.get('/admin/v1/session', { cookie })).json()).toMatchObject({ user: 'u7' });
  });

  it('refuses whoever has no role, with a page that says so', async () => {
    for (const groups of [undefined, [], ['unknown'], 'admin', { ops: true }, '__proto__']) {
      provider.claims.groups = groups;
      await expectRefused(await logIn(), 'Your account has no role here');
    }
    const { data } = await admin().call('audit', { query: { action: 'login.refused' } });
    expect(data[0]).toMatchObject({ outcome: 'oidc_refused' });
  });

  it('never takes over the name of a user with a key', async () => {
    await admin().call('createUser', { body: { name: 'kim@example.com', role: 'viewer' } });
    Object.assign(provider.claims, { email: 'kim@example.com', groups: 'leads' });
    await expectRefused(await logIn(), 'There is a user &quot;kim@example.com&quot; with a key');
    const { data } = await admin().call('users', {});
    expect(data.find(({ name }) => name === 'kim@example.com')).toMatchObject({ role: 'viewer', login: 'key' });
  });

  it.each([
    ['another nonce', { nonce: 'another' }],
    ['no nonce', { nonce: undefined }],
    ['another audience', { aud: 'another-client' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['an end in the past', { exp: 1_000_000 }],
  ])('refuses an ID token with %s', async (_what, change) => {
    provider.alter = (token) => ({ ...token, ...change });
    await expectRefused(await logIn(), unconfirmed);
  });

  it('refuses an ID token that another key has signed', async () => {
    provider.signsWrongly = true;
    await expectRefused(await logIn(), unconfirmed);
  });

  it('refuses another state, a code of another login, and a browser that has begun none', async () => {
    const one = await begin();
    const two = await begin();
    await expectRefused(
      await running.get(one.back.replace(/state=[^&]+/, 'state=x'), { cookie: one.cookie }),
      unconfirmed,
    );
    await expectRefused(await running.get(two.back, {}), 'has begun no login');
    const mixed = two.back.replace(/code=[^&]+/, /code=[^&]+/.exec((await begin()).back)?.[0] ?? '');
    await expectRefused(await running.get(mixed, { cookie: two.cookie }), unconfirmed);
    expect(provider.refused).toContain('code_verifier');
  });

  it('takes each answer of the provider once', async () => {
    const { back, cookie } = await begin();
    expect((await running.get(back, { cookie })).status).toBe(200);
    await expectRefused(await running.get(back, { cookie }), 'has begun no login');
  });

  it('says no more of a refusal by the provider than that', async () => {
    const { back, cookie } = await begin();
    const state = /state=[^&]+/.exec(back)?.[0];
    const path = `/login/oidc/callback?error=access_denied&error_description=<b>secret</b>&${state}`;
    const answer = await running.get(path, { cookie });
    const text = await answer.text();
    expect([answer.status, text]).toEqual([403, expect.stringContaining(unconfirmed)]);
    expect(text).not.toContain('secret');
  });
});

describe('while the provider is away', () => {
  it('the console starts, keys work, and the button says why it does not; then it works by itself', async () => {
    await provider.stop();
    const other = await startConsole(settings());
    try {
      await other.as({ key: other.adminKey }).call('session', {});
      const refused = await other.get('/login/oidc');
      expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('does not answer')]);
      const ways = async () => (await (await other.get('/admin/v1/login')).json()) as { oidc_problem: string | null };
      expect((await ways()).oidc_problem).toContain('does not answer as an OpenID Connect provider');
      await provider.start();
      expect((await other.get('/login/oidc')).status).toBe(303);
      expect((await ways()).oidc_problem).toBeNull();
    } finally {
      await other.cleanUp();
    }
  });
});
