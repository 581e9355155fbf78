/** Dialogs: the browser's own `<dialog>`, which holds the focus, closes on Escape and hides the page from screen readers. */
import { type FormEvent, type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { messageOf } from '../api/problem.ts';
import { Button, type ButtonKind, IconButton } from './button.tsx';
import { Notice } from './states.tsx';

interface DialogProps {
  title: string;
  onClose: () => void;
  wide?: boolean;
  children: ReactNode;
}

/** Open for as long as it is rendered. The focus returns to where it was. */
export function Dialog({ title, onClose, wide = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the element goes: only a dialog that is still in the page gives the focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // The browser would focus the first button, which closes. Of a question, the first one in the body cancels.
    element?.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea, button):enabled')?.focus();
    return () => element?.close();
  }, []);
  return (
    <dialog
      aria-labelledby={id}
      className={`dialog ${wide ? 'dialog-wide' : ''}`}
      onCancel={(event) => {
        // React decides when it goes, so that the dialog and the state that opened it can't disagree.
        event.preventDefault();
        onClose();
      }}
      ref={dialog}
    >
      <header className="dialog-head">
        <h2 id={id}>{title}</h2>
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      {children}
    </dialog>
  );
}

interface FormDialogProps {
  title: string;
  /** What the button that submits says: a verb. */
  submitLabel: string;
  submitKind?: ButtonKind;
  canSubmit?: boolean;
  isBusy: boolean;
  error?: unknown;
  wide?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children?: ReactNode;
}

/** A dialog with a form, or a question: Enter submits, Escape cancels, a refusal is shown above the buttons. */
export function FormDialog(props: FormDialogProps) {
  const { title, submitLabel, submitKind = 'primary', canSubmit = true, isBusy, error, wide = false } = props;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (canSubmit && !isBusy) props.onSubmit();
  };
  return (
    <Dialog onClose={props.onClose} title={title} wide={wide}>
      <form className="dialog-body" onSubmit={submit}>
        {props.children}
        {error ? <Notice tone="bad">{messageOf(error)}</Notice> : null}
        <footer className="dialog-foot">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button disabled={!canSubmit} isBusy={isBusy} kind={submitKind} type="submit">
            {submitLabel}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
