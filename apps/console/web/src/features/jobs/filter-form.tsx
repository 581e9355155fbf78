/** The fields of the filter. Enter, or the button, makes them the address; what is chosen from a list applies at once. */
import { jobStatuses } from '@holdfast/core';
import { type FormEvent, useState } from 'react';
import { Button, Icon, SelectField, TextField } from '../../kit/index.ts';
import type { SearchParams } from '../../search-params.ts';
import { filterFault, filterIn, isMetadata, type TextFilter, type Within } from './job-filter.ts';
import { MetadataFields } from './metadata-fields.tsx';

const statusOptions = [['', 'Any status'], ...jobStatuses.map((status) => [status, status] as const)] as const;

const withinLabels: Readonly<Record<Within, string>> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
};
const withinOptions = [['', 'Any time'], ...Object.entries(withinLabels), ['between', 'Between …']] as const;

interface FilterFormProps {
  search: SearchParams;
  onApply: (filter: SearchParams) => void;
}

/** Made anew for each address (by its key), so that the fields always show what is searched. */
export function FilterForm({ search, onApply }: FilterFormProps) {
  const [draft, setDraft] = useState(() => filterIn(search));
  const [isWide, setWide] = useState(() => hasMore(draft));
  const fault = filterFault(draft);
  const set = (name: string, value: string) => setDraft((old) => ({ ...old, [name]: value }));
  const setNow = (name: string, value: string) => {
    set(name, value);
    onApply(filterIn({ ...draft, [name]: value }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (fault === null) onApply(filterIn(draft));
  };
  return (
    <search>
      <form className="filter" onSubmit={submit}>
        <div className="filter-row">
          <TextInput draft={draft} label="Job" name="id" onChange={set} placeholder="job_…" />
          <SelectField
            label="Status"
            onChange={({ target }) => setNow('status', target.value)}
            options={statusOptions}
            value={draft.status ?? ''}
          />
          <TextInput draft={draft} label="Tenant" name="tenant" onChange={set} />
          <WithinField draft={draft} onBetween={setDraft} onChoose={onApply} />
          <Button icon="search" kind="primary" type="submit">
            Search
          </Button>
          <Button aria-expanded={isWide} kind="quiet" onClick={() => setWide(!isWide)}>
            {isWide ? 'Fewer filters' : 'More filters'}
            <Icon name={isWide ? 'up' : 'down'} size={13} />
          </Button>
        </div>
        {isWide && <MoreFields draft={draft} fault={fault} onChange={set} onDraft={setDraft} />}
      </form>
    </search>
  );
}

const hasMore = (draft: SearchParams) =>
  Object.keys(draft).some((name) => ['key', 'task', 'lane', 'error_code'].includes(name) || isMetadata(name));

interface TextInputProps {
  name: TextFilter;
  label: string;
  draft: SearchParams;
  onChange: (name: string, value: string) => void;
  placeholder?: string;
  hint?: string;
  error?: string | undefined;
}

function TextInput({ name, draft, onChange, ...rest }: TextInputProps) {
  return (
    <TextField
      {...rest}
      name={name}
      onChange={({ target }) => onChange(name, target.value.trim())}
      value={draft[name] ?? ''}
    />
  );
}

interface MoreFieldsProps {
  draft: SearchParams;
  fault: string | null;
  onChange: (name: string, value: string) => void;
  onDraft: (draft: SearchParams) => void;
}

function MoreFields({ draft, fault, onChange, onDraft }: MoreFieldsProps) {
  return (
    <div className="filter-more">
      <div className="filter-row">
        <TextInput draft={draft} label="Task" name="task" onChange={onChange} />
        <TextInput draft={draft} label="Lane" name="lane" onChange={onChange} />
        <TextInput draft={draft} label="Error code" name="error_code" onChange={onChange} />
        <TextInput draft={draft} error={fault ?? undefined} label="Idempotency key" name="key" onChange={onChange} />
      </div>
      <MetadataFields draft={draft} onChange={onDraft} />
    </div>
  );
}

interface WithinFieldProps {
  draft: SearchParams;
  onChoose: (filter: SearchParams) => void;
  onBetween: (draft: SearchParams) => void;
}

/** Either a time that moves with the clock, or two fixed ones. */
function WithinField({ draft, onChoose, onBetween }: WithinFieldProps) {
  const isBetween = draft.created_from !== undefined || draft.created_to !== undefined;
  const choose = (value: string) => {
    const { within: _within, created_from: _from, created_to: _to, ...rest } = draft;
    if (value === 'between') onBetween({ ...rest, created_from: '', created_to: '' });
    else onChoose(filterIn({ ...rest, within: value }));
  };
  const timeField = (name: 'created_from' | 'created_to', label: string) => (
    <TextField
      label={label}
      onChange={({ target }) => onBetween({ ...draft, [name]: target.value })}
      type="datetime-local"
      value={draft[name] ?? ''}
    />
  );
  return (
    <>
      <SelectField
        label="Created"
        onChange={({ target }) => choose(target.value)}
        options={withinOptions}
        value={isBetween ? 'between' : (draft.within ?? '')}
      />
      {isBetween && timeField('created_from', 'From')}
      {isBetween && timeField('created_to', 'To')}
    </>
  );
}
