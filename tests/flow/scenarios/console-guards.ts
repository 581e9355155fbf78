/**
 * At the console nobody does what they may not. Counted is what succeeds although it must not:
 *
 *   withoutToken      acts with a session, and no CSRF token
 *   fromOtherOrigin   acts with a session and its token, from a page of another origin
 *   asViewer          acts of a viewer, and looks at prompts and answers
 */
import { chat, freePort, type Stack } from '../../stack/stack.ts';
import type { Scenario, Stage } from './scenario.ts';

interface Session {
  cookie: string;
  token: string;
}

async function logIn(url: string, key: string): Promise<Session> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/admin/v1/login`, { method: 'POST', headers, body: JSON.stringify({ key }) });
  const { csrf_token: token } = (await answer.json()) as { csrf_token: string };
  return { cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '', token };
}

async function makeViewer(url: string, adminKey: string): Promise<string> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'guest', role: 'viewer' });
  const answer = await fetch(`${url}/admin/v1/users`, { method: 'POST', headers, body });
  return ((await answer.json()) as { key: string }).key;
}

/** A console beside the stack. Returns its address. */
async function startConsole(stack: Stack): Promise<string> {
  const port = String(await freePort());
  await stack.start('console', { CONSOLE_PORT: port });
  return `http://127.0.0.1:${port}`;
}

export const consoleGuards = {
  name: 'console-guards',
  stack: { workers: 0 },
  most: { withoutToken: 0, fromOtherOrigin: 0, asViewer: 0 },

  async play({ stack }: Stage) {
    const adminKey = stack.env.HOLDFAST_ADMIN_KEY ?? '';
    const url = await startConsole(stack);
    const { job } = await stack.client.submit(chat('guarded', 'tokens=1'));
    const admin = await logIn(url, adminKey);
    const viewer = await logIn(url, await makeViewer(url, adminKey));

    /** 1: it was done or shown, 0: it was refused. */
    const count = async (method: string, path: string, { cookie }: Session, headers: Record<string, string>) => {
      const own = { cookie, 'content-type': 'application/json', ...headers };
      const body = method === 'GET' ? null : '{"paused":false}';
      const answer = await fetch(`${url}/admin/v1${path}`, { method, headers: own, body });
      await answer.body?.cancel();
      if (!answer.ok && answer.status !== 403) throw new Error(`${method} ${path}: ${answer.status}`);
      return answer.ok ? 1 : 0;
    };
    const own = ({ token }: Session) => ({ origin: url, 'x-csrf-token': token });
    const resume = ['PATCH', '/lanes/default'] as const;
    const look = ['GET', `/jobs/${job.id}/content`] as const;
    // Else all below might be refused for another reason.
    const allowed = (await count(...resume, admin, own(admin))) + (await count(...look, admin, own(admin)));
    if (allowed !== 2) throw new Error('an admin was refused');

    const counts = {
      withoutToken: await count(...resume, admin, { origin: url }),
      fromOtherOrigin: await count(...resume, admin, { ...own(admin), origin: 'http://evil.example' }),
      asViewer: (await count(...resume, viewer, own(viewer))) + (await count(...look, viewer, own(viewer))),
    };
    await stack.first('console').end();
    return { counts };
  },
} satisfies Scenario;
