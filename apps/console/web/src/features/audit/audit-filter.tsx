/** The filter of the audit log. Texts are compared whole, so they are sent when they are complete: with Enter, or the button. */
import { auditActions } from '@holdfast/admin';
import { type FormEvent, useState } from 'react';
import { Button, SelectField, TextField } from '../../kit/index.ts';
import { type AuditSearch, auditSearchOf } from './audit-search.ts';
import { auditWords } from './audit-words.ts';

const actions = [['', 'Anything'], ...auditActions.map((action) => [action, auditWords[action]] as const)] as const;

interface AuditFilterProps {
  search: AuditSearch;
  onApply: (search: AuditSearch) => void;
}

export function AuditFilter({ search, onApply }: AuditFilterProps) {
  const [texts, setTexts] = useState({ user: search.user ?? '', target: search.target ?? '' });
  const action = search.action ?? '';
  const apply = (changed: Record<string, string>) => onApply(auditSearchOf({ ...texts, action, ...changed }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    apply({});
  };
  const isFiltered = search.user !== undefined || search.action !== undefined || search.target !== undefined;
  return (
    <form className="audit-filter" onSubmit={submit}>
      <SelectField
        label="What"
        onChange={({ target }) => apply({ action: target.value })}
        options={actions}
        value={action}
      />
      <TextField
        label="Who"
        onChange={({ target }) => setTexts({ ...texts, user: target.value })}
        placeholder="name of a user"
        value={texts.user}
      />
      <TextField
        label="Target"
        onChange={({ target }) => setTexts({ ...texts, target: target.value })}
        placeholder="id of a job, tenant, key, lane or user"
        value={texts.target}
      />
      <span className="audit-buttons">
        <Button icon="search" type="submit">
          Search
        </Button>
        {isFiltered && (
          <Button kind="quiet" onClick={() => onApply({})}>
            Clear
          </Button>
        )}
      </span>
    </form>
  );
}
