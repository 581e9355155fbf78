/** Light, dark, or as the system has it. `public/theme.js` applies a stored choice before the first paint. */
import { useSyncExternalStore } from 'react';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const STORED_AS = 'holdfast.theme';
const listeners = new Set<() => void>();

function theme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

export function setTheme(chosen: Theme): void {
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  try {
    localStorage.setItem(STORED_AS, chosen);
  } catch {
    // Storage is blocked: the choice holds for as long as the page is open.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  const systemTheme = matchMedia('(prefers-color-scheme: dark)');
  listeners.add(listener);
  systemTheme.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    systemTheme.removeEventListener('change', listener);
  };
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, theme);
}

function isDark(): boolean {
  const chosen = theme();
  return chosen === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
}

/** Whether the page is dark now, by choice or by the system. Plots draw again when it changes. */
export function useIsDark(): boolean {
  return useSyncExternalStore(subscribe, isDark);
}
