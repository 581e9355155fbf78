/** Logging in: with a key, or by single sign-on where it is set up. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { adminQuery, isStatus, keepCsrfTokenOf, messageOf, sessionQuery, useAction } from '../../api/index.ts';
import { Button, Notice, TextField } from '../../kit/index.ts';
import { Brand } from '../../layout/shell.tsx';
import './login.css';

const route = getRouteApi('/login');
/** Where the server begins single sign-on. */
const OIDC_PATH = '/login/oidc';

function useLogin() {
  const { next = '/' } = route.useSearch();
  const queryClient = useQueryClient();
  const router = useRouter();
  return useAction('login', {
    changes: [],
    onDone: (session) => {
      keepCsrfTokenOf(session);
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, session);
      void router.navigate({ href: next, replace: true });
    },
  });
}

/** @param isSecond there is another way, which is offered first */
function KeyForm({ isSecond }: { isSecond: boolean }) {
  const [key, setKey] = useState('');
  const login = useLogin();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key !== '') login.mutate({ body: { key } });
  };
  return (
    <form className="login-form" onSubmit={submit}>
      <TextField
        autoComplete="current-password"
        autoFocus
        error={login.error ? refusalOf(login.error) : undefined}
        hint="The admin key, or the key that an admin made for you."
        label="Key"
        name="key"
        onChange={({ target }) => setKey(target.value)}
        required
        type="password"
        value={key}
      />
      <Button isBusy={login.isPending} kind={isSecond ? 'plain' : 'primary'} type="submit">
        Log in
      </Button>
    </form>
  );
}

function refusalOf(error: unknown): string {
  if (isStatus(error, 401) || isStatus(error, 403)) return 'This key is not valid. Check for missing characters.';
  if (isStatus(error, 429)) return 'Too many tries. Wait a minute, then try again.';
  return messageOf(error);
}

function SingleSignOn({ button, problem }: { button: string; problem: string | null }) {
  return (
    <>
      {problem === null ? (
        <a className="button button-primary" href={OIDC_PATH}>
          {button}
        </a>
      ) : (
        <Notice tone="warn">Single sign-on does not work now: {problem}</Notice>
      )}
      <p className="login-or">or with a key</p>
    </>
  );
}

export function LoginPage() {
  const ways = useQuery(adminQuery('loginWays', {}));
  useEffect(() => {
    document.title = 'Log in · Holdfast';
  }, []);
  return (
    <main className="login">
      <div className="login-card">
        <Brand />
        <h1>Log in to the console</h1>
        {ways.data?.oidc && <SingleSignOn button={ways.data.oidc} problem={ways.data.oidc_problem} />}
        <KeyForm isSecond={Boolean(ways.data?.oidc) && ways.data?.oidc_problem === null} />
        {ways.error ? <Notice tone="warn">{messageOf(ways.error)}</Notice> : null}
      </div>
    </main>
  );
}
