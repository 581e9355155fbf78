/** Filters by a name, kept in this browser. Views that are always there come first. */
import { useSyncExternalStore } from 'react';
import type { SearchParams } from '../../search-params.ts';
import { filterIn } from './job-filter.ts';

export interface View {
  name: string;
  search: SearchParams;
}

export const builtInViews: readonly View[] = [
  { name: 'All', search: {} },
  { name: 'Failed', search: { status: 'failed' } },
  { name: 'Running', search: { status: 'running' } },
  { name: 'Waiting', search: { status: 'queued' } },
];

const STORED_AS = 'holdfast.job-views';
const MAX_VIEWS = 30;
const listeners = new Set<() => void>();

function isView(value: unknown): value is View {
  const { name, search } = (value ?? {}) as Partial<View>;
  return typeof name === 'string' && typeof search === 'object' && search !== null;
}

/** The views in a stored text; what isn't a view is left out, so that a broken text breaks no page. */
export function readViews(text: string | null): View[] {
  try {
    const stored: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(stored) ? stored.filter(isView) : [];
  } catch {
    return [];
  }
}

let views: readonly View[] | null = null;

function currentViews(): readonly View[] {
  views ??= readViews(localStorage.getItem(STORED_AS));
  return views;
}

function store(next: readonly View[]): void {
  views = next;
  localStorage.setItem(STORED_AS, JSON.stringify(next));
  for (const listener of listeners) listener();
}

/** Replaces a view of the same name. */
export function saveView(name: string, search: SearchParams): void {
  const others = currentViews().filter((view) => view.name !== name);
  store([...others, { name, search: filterIn(search) }].slice(-MAX_VIEWS));
}

export function removeView(name: string): void {
  store(currentViews().filter((view) => view.name !== name));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function useViews(): readonly View[] {
  return useSyncExternalStore(subscribe, currentViews);
}

/** Whether the address shows what the view does. */
export function isShown(view: View, search: SearchParams): boolean {
  return JSON.stringify(filterIn(view.search)) === JSON.stringify(filterIn(search));
}
