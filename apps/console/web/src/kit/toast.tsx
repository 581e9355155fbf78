/** Short messages about what was done. They are read out, and go by themselves; errors never stand here alone. */
import { useSyncExternalStore } from 'react';
import { IconButton } from './button.tsx';

const SHOWN_MS = 6_000;

interface Toast {
  id: number;
  text: string;
}

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

const remove = (id: number) => change(toasts.filter((toast) => toast.id !== id));

export function showToast(text: string): void {
  const id = nextId++;
  change([...toasts, { id, text }]);
  setTimeout(() => remove(id), SHOWN_MS);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Where they appear; once in the page. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div aria-live="polite" className="toasts" role="status">
      {shown.map(({ id, text }) => (
        <div className="toast" key={id}>
          <span>{text}</span>
          <IconButton icon="close" label="Dismiss" onClick={() => remove(id)} />
        </div>
      ))}
    </div>
  );
}
