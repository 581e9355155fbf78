/** What ends a key: another one in its place, or none. */
import type { ApiKey, MadeKey } from '@holdfast/admin';
import { useState } from 'react';
import { useAction } from '../../../api/index.ts';
import { FormDialog, Notice, SelectField, showToast } from '../../../kit/index.ts';

/** Seconds that the old key still works. */
const graces = [
  ['0', 'at once'],
  ['300', 'in 5 minutes'],
  ['3600', 'in an hour'],
  ['86400', 'in a day'],
  ['604800', 'in 7 days'],
] as const;

interface KeyDialogProps {
  tenant: string;
  apiKey: ApiKey;
  onClose: () => void;
}

interface RotateKeyDialogProps extends KeyDialogProps {
  /** `note`: what becomes of the old key. */
  onMade: (key: MadeKey, note: string) => void;
}

export function RotateKeyDialog({ tenant, apiKey, onMade, onClose }: RotateKeyDialogProps) {
  // A bootstrap key can have no grace: only a revoked one is not made again at the next start.
  const [grace, setGrace] = useState<string>(apiKey.bootstrap ? '0' : '3600');
  const ends = graces.find(([seconds]) => seconds === grace)?.[1] ?? '';
  const rotate = useAction('rotateKey', {
    changes: ['keys'],
    onDone: (made) => onMade(made, `The old key, ${apiKey.id}, ends ${ends}.`),
  });
  return (
    <FormDialog
      error={rotate.error}
      isBusy={rotate.isPending}
      onClose={onClose}
      onSubmit={() => rotate.mutate({ params: { tenant, keyId: apiKey.id }, body: { grace_s: Number(grace) } })}
      submitLabel="Make the new key"
      title={`Rotate ${apiKey.id}`}
    >
      <p>The new key may do what this one may. Until the old one ends, both work.</p>
      {apiKey.bootstrap ? (
        <Notice>This is the bootstrap key. It ends at once, and no restart brings it back.</Notice>
      ) : (
        <SelectField
          label="The old key ends"
          onChange={({ target }) => setGrace(target.value)}
          options={graces}
          value={grace}
        />
      )}
    </FormDialog>
  );
}

export function RevokeKeyDialog({ tenant, apiKey, onClose }: KeyDialogProps) {
  const revoke = useAction('revokeKey', {
    changes: ['keys'],
    onDone: () => {
      showToast(`Key ${apiKey.id} is revoked.`);
      onClose();
    },
  });
  return (
    <FormDialog
      error={revoke.error}
      isBusy={revoke.isPending}
      onClose={onClose}
      onSubmit={() => revoke.mutate({ params: { tenant, keyId: apiKey.id } })}
      submitKind="danger"
      submitLabel="Revoke the key"
      title={`Revoke ${apiKey.id}?`}
    >
      <p>
        Whoever uses it is refused within 5 seconds, and its open streams end. Jobs that it has submitted go on. This
        can’t be undone.
      </p>
    </FormDialog>
  );
}
