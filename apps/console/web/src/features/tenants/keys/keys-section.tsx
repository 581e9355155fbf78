/** The API keys of a tenant. A key that has just been made is shown once. */
import type { ApiKey, MadeKey } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminQuery, useMay } from '../../../api/index.ts';
import { Button, DataTable, EmptyState, KeyOnceDialog, Loaded, RoleNote, Section } from '../../../kit/index.ts';
import { keyColumns } from './key-columns.tsx';
import { MakeKeyDialog } from './make-key-dialog.tsx';
import { RevokeKeyDialog, RotateKeyDialog } from './old-key-dialogs.tsx';

type Open =
  | { kind: 'make' }
  | { kind: 'rotate' | 'revoke'; key: ApiKey }
  | { kind: 'made'; key: MadeKey; note: string };

interface KeyDialogsProps {
  tenant: string;
  open: Open;
  setOpen: (open: Open | null) => void;
}

function KeyDialogs({ tenant, open, setOpen }: KeyDialogsProps) {
  const close = () => setOpen(null);
  const show = (note: string) => (key: MadeKey) => setOpen({ kind: 'made', key, note });
  switch (open.kind) {
    case 'make':
      return <MakeKeyDialog onClose={close} onMade={show('Send it as Authorization: Bearer.')} tenant={tenant} />;
    case 'rotate':
      return (
        <RotateKeyDialog apiKey={open.key} onClose={close} onMade={(key, note) => show(note)(key)} tenant={tenant} />
      );
    case 'revoke':
      return <RevokeKeyDialog apiKey={open.key} onClose={close} tenant={tenant} />;
    case 'made':
      return (
        <KeyOnceDialog onClose={close} title={`The new key of ${tenant}`} value={open.key.key}>
          <p className="quiet">
            Its id is <code>{open.key.id}</code>. {open.note}
          </p>
        </KeyOnceDialog>
      );
  }
}

export function KeysSection({ tenant }: { tenant: string }) {
  const keys = useQuery(adminQuery('keys', { params: { tenant } }));
  const isAdmin = useMay('admin');
  const [open, setOpen] = useState<Open | null>(null);
  const columns = keyColumns(
    isAdmin
      ? { onRotate: (key) => setOpen({ kind: 'rotate', key }), onRevoke: (key) => setOpen({ kind: 'revoke', key }) }
      : null,
  );
  return (
    <Section
      actions={
        isAdmin && (
          <Button icon="plus" onClick={() => setOpen({ kind: 'make' })}>
            New key
          </Button>
        )
      }
      flush
      title="API keys"
    >
      <Loaded lines={3} query={keys}>
        {({ data }) => (
          <DataTable
            caption={`API keys of ${tenant}`}
            columns={columns}
            empty={<EmptyState title="This tenant has no key, so it can’t submit jobs." />}
            rowId={({ id }) => id}
            rows={data}
          />
        )}
      </Loaded>
      {!isAdmin && (
        <div className="table-foot">
          <RoleNote needs="admin" what="Keys can’t be made, rotated or revoked" />
        </div>
      )}
      {open && <KeyDialogs open={open} setOpen={setOpen} tenant={tenant} />}
    </Section>
  );
}
