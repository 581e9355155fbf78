/** The frame of all pages: navigation at the side (on a phone behind a button), the user, the theme, and the page. */
import { Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { IconButton, Toasts } from '../kit/index.ts';
import { Navigation } from './navigation.tsx';
import { UserMenu } from './user-menu.tsx';

export function Brand() {
  return (
    <span className="brand">
      <img alt="" height={22} src="/icon.svg" width={22} />
      Holdfast
    </span>
  );
}

/** After a change of page the focus is on its content, as after a full load: a screen reader begins there. */
function useFocusOnNewPage() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current !== undefined && shown.current !== path) main.current?.focus({ preventScroll: true });
    shown.current = path;
  }, [path]);
  return main;
}

export function Shell() {
  const [isOpen, setOpen] = useState(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const main = useFocusOnNewPage();
  // biome-ignore lint/correctness/useExhaustiveDependencies: closes at each change of page
  useEffect(() => setOpen(false), [path]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top-bar">
        <IconButton
          aria-controls="side"
          aria-expanded={isOpen}
          icon={isOpen ? 'close' : 'menu'}
          label={isOpen ? 'Close the menu' : 'Open the menu'}
          onClick={() => setOpen(!isOpen)}
        />
        <Brand />
      </header>
      <aside className={`side ${isOpen ? 'side-open' : ''}`} id="side">
        <div className="side-brand">
          <Brand />
        </div>
        <Navigation />
        <UserMenu />
      </aside>
      <main className="main" id="main" ref={main} tabIndex={-1}>
        <Outlet />
      </main>
      <Toasts />
    </div>
  );
}
