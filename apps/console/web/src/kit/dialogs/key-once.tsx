/** A key that has just been made. It is nowhere else: only its digest is stored. */
import type { ReactNode } from 'react';
import { Button, CopyButton } from '../button.tsx';
import { Dialog } from '../dialog.tsx';
import { Notice } from '../states.tsx';
import './key-once.css';

interface KeyOnceProps {
  title: string;
  value: string;
  /** What the key is for, and what happens to another one. */
  children?: ReactNode;
  onClose: () => void;
}

export function KeyOnceDialog({ title, value, children, onClose }: KeyOnceProps) {
  return (
    <Dialog onClose={onClose} title={title}>
      <div className="dialog-body">
        <Notice tone="warn">Copy the key now. It can’t be shown again.</Notice>
        <output aria-label="The key" className="key-once mono">
          {value}
        </output>
        {children}
        <footer className="dialog-foot">
          <CopyButton text={value}>Copy the key</CopyButton>
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
