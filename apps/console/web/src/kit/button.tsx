/** Buttons. A button that waits for its action says so to screen readers and can't be pressed twice. */
import { type ButtonHTMLAttributes, type ReactNode, useEffect, useState } from 'react';
import { Icon, type IconName } from './icons.tsx';

export type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: ButtonKind;
  icon?: IconName;
  /** Its action is under way. */
  isBusy?: boolean;
  small?: boolean;
}

export function Button(props: ButtonProps) {
  const { kind = 'plain', icon, isBusy = false, small = false, disabled, className = '', children, ...rest } = props;
  return (
    <button
      type="button"
      {...rest}
      aria-busy={isBusy}
      className={`button button-${kind} ${small ? 'button-small' : ''} ${className}`}
      disabled={disabled || isBusy}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> {
  icon: IconName;
  /** What it does, for screen readers and as a tooltip. */
  label: string;
}

export function IconButton({ icon, label, className = '', ...rest }: IconButtonProps) {
  return (
    <button type="button" {...rest} aria-label={label} className={`icon-button ${className}`} title={label}>
      <Icon name={icon} />
    </button>
  );
}

const SHOWN_MS = 2_000;

/** Copies `text`, and says for a moment that it has. Without a clipboard (plain http on another host) the text stays selectable. */
export function CopyButton({ text, label = 'Copy', children }: { text: string; label?: string; children?: ReactNode }) {
  const [state, setState] = useState<'ready' | 'copied' | 'refused'>('ready');
  useEffect(() => {
    if (state === 'ready') return;
    const timer = setTimeout(() => setState('ready'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('There is no clipboard.'));
    copied.then(
      () => setState('copied'),
      () => setState('refused'),
    );
  };
  const said = { ready: label, copied: 'Copied', refused: 'Select and copy it by hand' }[state];
  if (children === undefined)
    return <IconButton icon={state === 'copied' ? 'check' : 'copy'} label={said} onClick={copy} />;
  return (
    <Button icon={state === 'copied' ? 'check' : 'copy'} onClick={copy}>
      <span aria-live="polite">{state === 'ready' ? children : said}</span>
    </Button>
  );
}
