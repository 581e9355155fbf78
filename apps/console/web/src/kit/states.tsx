/** What stands where data will be, isn't, or can't be had. Each has the size of what it stands for, so that nothing jumps. */
import type { ReactNode } from 'react';
import { ApiError, messageOf } from '../api/problem.ts';
import { Button } from './button.tsx';
import { Icon, type IconName } from './icons.tsx';

export function EmptyState({ title, icon, children }: { title: string; icon?: IconName; children?: ReactNode }) {
  return (
    <div className="state">
      {icon && <Icon name={icon} size={24} />}
      <p className="state-title">{title}</p>
      {children && <div className="quiet">{children}</div>}
    </div>
  );
}

/** What went wrong, and a way to try again. */
export function ErrorState({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <div className="state state-error" role="alert">
      <Icon name="failures" size={24} />
      <p className="state-title">{messageOf(error)}</p>
      {requestId !== null && <p className="quiet mono">{requestId}</p>}
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** Grey lines in the place of what is being read. */
export function Loading({ lines = 6, label = 'Loading' }: { lines?: number; label?: string }) {
  return (
    <div aria-busy="true" className="loading" role="status">
      <span className="visually-hidden">{label} …</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
        <span aria-hidden="true" className="loading-line" key={line} />
      ))}
    </div>
  );
}

interface QueryState<Data> {
  data: Data | undefined;
  error: unknown;
  refetch: () => unknown;
}

interface LoadedProps<Data> {
  query: QueryState<Data>;
  lines?: number;
  children: (data: Data) => ReactNode;
}

/** What was read; before that, the lines or the error. Old data stays when reading it again fails: with a note that it is old. */
export function Loaded<Data>({ query, lines = 6, children }: LoadedProps<Data>) {
  const { data, error, refetch } = query;
  if (data === undefined)
    return error ? <ErrorState error={error} retry={() => void refetch()} /> : <Loading lines={lines} />;
  return (
    <>
      {error ? <Notice tone="warn">These are old figures. {messageOf(error)}</Notice> : null}
      {children(data)}
    </>
  );
}

/** A remark within a page. */
export function Notice({
  tone = 'neutral',
  children,
}: {
  tone?: 'neutral' | 'warn' | 'bad' | 'good';
  children: ReactNode;
}) {
  return (
    <div className={`notice notice-${tone}`} role={tone === 'bad' ? 'alert' : 'note'}>
      {children}
    </div>
  );
}
